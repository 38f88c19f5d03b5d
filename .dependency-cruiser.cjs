// Which folder may import which. At most eight rules, each with its reason; ARCHITECTURE.md draws the same picture.
const core = "^packages/probe-core/src";
const test = "\\.test\\.ts$";
const pure = "events|h2|attribute|classify|verdict|schedule|merge|explain|catalogue";

/** Plain constants and one error class, which every folder may use. */
const shared = `${core}/(limits|errors)\\.ts$`;

/** What API servers call the moments of their termination: words, that markers and explained logs share; and what explaining gives. */
const words = `${core}/(kube/markers/termination-words|explain/explain-types)\\.ts$`;

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment:
        "A cycle has no lower end: nothing in it can be loaded or tested alone. A cycle of types only loads nothing.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "pure-means-pure",
      comment: "Pure folders touch no platform and no package: a log must fold the same anywhere, at any time.",
      severity: "error",
      from: { path: `${core}/(${pure})/`, pathNot: test },
      to: { pathNot: "^packages/probe-core/src/" },
    },
    {
      name: "words-depend-on-nothing",
      comment:
        "events/ is the vocabulary of all layers. A word that needs a layer to be understood belongs to that layer.",
      severity: "error",
      from: { path: `${core}/events/`, pathNot: test },
      to: { pathNot: `${core}/events/` },
    },
    {
      name: "tools-know-words-only",
      comment: "Frames, attribution, pacing and clocks serve the witness and the judge alike, so they know neither.",
      severity: "error",
      from: { path: `${core}/(h2|attribute|schedule|clock)/`, pathNot: test },
      to: { path: `${core}/`, pathNot: [`${core}/(events|$1)/`, shared] },
    },
    {
      name: "judge-reads-the-log-only",
      comment: "A verdict rests on recorded facts; a judge that sees a socket could not be replayed.",
      severity: "error",
      from: { path: `${core}/(classify|verdict|merge|explain|catalogue)/`, pathNot: test },
      to: { path: `${core}/`, pathNot: [`${core}/(events|attribute|classify|verdict|$1)/`, shared, words] },
    },
    {
      name: "witness-never-judges",
      comment: "I/O emits facts. If it knew the rules, a wrong rule would bend the record it is checked against.",
      severity: "error",
      from: { path: `${core}/(io|kube)/`, pathNot: test },
      to: { path: `${core}/(attribute|classify|verdict|merge|sinks|probe\\.ts|index\\.ts)` },
    },
    {
      name: "testbed-is-a-stranger",
      comment: "Probe and testbed share no code, so one misunderstanding cannot hide in both.",
      severity: "error",
      from: { path: "^packages/(testbed|probe-core)/src/" },
      to: { path: "^packages/(testbed|probe-core|cli)/", pathNot: "^packages/$1/" },
    },
    {
      name: "front-doors",
      comment: "The CLI uses what any other user of the packages can use: their entry points.",
      severity: "error",
      from: { path: "^packages/cli/src/" },
      to: {
        path: "^packages/(probe-core|testbed)/",
        pathNot: "^packages/(probe-core|testbed)/(src|dist)/((kube|merge)/)?index\\.(ts|js|d\\.ts)$",
      },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "/dist/"] },
    exclude: { path: ["^packages/[^/]+/dist/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.check.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
