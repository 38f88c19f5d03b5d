import type { SourcedEnd } from "../../io/request-source.js";
import type { RequestTemplate } from "../../io/request-template.js";

/** One little loop: gives a request, hears its end, gives the next. It never gives a second before it heard of the first. */
export interface Worker {
  next(): RequestTemplate;
  ended(end: SourcedEnd): void;
}
