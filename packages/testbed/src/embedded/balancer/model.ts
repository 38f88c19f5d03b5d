import type { BalancerSettings, HealthCheckSettings } from "../../lab/lab-scenario.js";
import type { Choice } from "./frontend.js";

/** What a balancer knows when it chooses. */
export interface Knowledge {
  readonly masters: number;
  /** As its data plane has it. */
  healthy(server: number): boolean;
  /** What the watcher on that master thinks of its own server; `null` where there is none. */
  watched(master: number): boolean | null;
}

/** Where new connections of one master go. */
export function choicesOf(settings: BalancerSettings, master: number, knowledge: Knowledge): readonly Choice[] {
  const all = Array.from({ length: knowledge.masters }, (_, index) => index);
  const up = all.filter((index) => knowledge.healthy(index));
  // With nobody healthy these balancers use everybody.
  const rotation = up.length > 0 ? up : all;
  // A redirect on the node comes before any balancer.
  if (knowledge.watched(master) === true) return [master];
  switch (settings.model) {
    case "gcp-ilb":
      return [master];
    case "gcp-ilb-routes":
      // A backend's own traffic to the VIP is sent to that backend, health ignored, until it is no backend any more. Off the node it is lost.
      return rotation.includes(master) ? ["vanish"] : rotation;
    case "azure-lb":
      return rotation.map((index) => (index === master ? "vanish" : index));
    case "aws-nlb":
      return rotation.map((index) => (index === master && settings.preserveClientIp === true ? "vanish" : index));
    case "haproxy":
    case "moving-vip":
      return up;
    case "forgetful":
      return rotation;
  }
}

/** Can a connection through it get no answer at all? */
export function vanishes(settings: BalancerSettings): boolean {
  const { model } = settings;
  return (
    model === "gcp-ilb-routes" || model === "azure-lb" || (model === "aws-nlb" && settings.preserveClientIp === true)
  );
}

/** From the checks' word to what new connections see, when a server goes and when it comes. */
export function lagsOf(settings: BalancerSettings): { readonly downLagMs: number; readonly upLagMs: number } {
  switch (settings.model) {
    case "gcp-ilb":
    case "gcp-ilb-routes":
      return { downLagMs: settings.deprogramMs ?? 0, upLagMs: 0 };
    case "aws-nlb":
      return { downLagMs: settings.propagationMs, upLagMs: settings.propagationMs };
    default:
      return { downLagMs: 0, upLagMs: 0 };
  }
}

export function watcherOf(settings: BalancerSettings): HealthCheckSettings | null {
  return "watcher" in settings ? (settings.watcher ?? null) : null;
}

/** Does it stand between the two as a proxy, which accepts before it knows where to? */
export function isProxy({ model }: BalancerSettings): boolean {
  return model === "haproxy" || model === "moving-vip";
}
