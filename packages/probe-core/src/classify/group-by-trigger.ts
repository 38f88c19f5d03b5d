/** Rules by what triggers them, each group in the order of the table. */
export function groupByTrigger<R extends { readonly on: string }>(
  rules: readonly R[],
): ReadonlyMap<string, readonly R[]> {
  const groups = new Map<string, R[]>();
  for (const rule of rules) {
    const group = groups.get(rule.on);
    if (group === undefined) groups.set(rule.on, [rule]);
    else group.push(rule);
  }
  return groups;
}
