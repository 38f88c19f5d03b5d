export { acceptThenReset } from "./accept-then-reset.js";
export { blackHole } from "./black-hole.js";
export { cutTlsRecord } from "./cut-tls-record.js";
export { delay } from "./delay.js";
export { fin } from "./fin.js";
export { halfClose } from "./half-close.js";
export { refuse } from "./refuse.js";
export { rst } from "./rst.js";
