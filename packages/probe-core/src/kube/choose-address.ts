import type { SourceSettings } from "./settings.js";

/**
 * The rule of `--kubelet-kubeconfig`. The kubelet's file gives the address alone: its `server`, and the name that the certificate
 * at that address is checked against. Whom to trust and who we are come from the other source, because the kubelet's own
 * rights do not reach as far as a workload needs. Only where there is no other source, everything is the kubelet's.
 * `null` where there is neither.
 */
export function chooseAddress(
  credentials: SourceSettings | null,
  kubelet: SourceSettings | null,
): SourceSettings | null {
  if (credentials === null || kubelet === null) return credentials ?? kubelet;
  return { ...credentials, address: kubelet.address };
}
