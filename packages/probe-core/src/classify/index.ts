export * from "./classifier.js";
export * from "./connection-rules.js";
export * from "./encode-verdict.js";
export * from "./request-rules.js";
export * from "./verdict-types.js";
