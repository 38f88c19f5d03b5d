import { NANOS_PER_SECOND } from "../events/index.js";
import type { Signature } from "./catalogue-types.js";
import {
  atOnce,
  both,
  DIRECT_PATHS_WELL,
  isType,
  keptGoaway,
  known,
  near,
  ofThese,
  onAttempt,
  onConnection,
  SOME_ATTEMPTS_WORKED,
  some,
  throughBalancer,
} from "./conditions.js";

const resetConnection = both(onConnection, throughBalancer, isType("tcp.reset"));
const endedUnder = both(onConnection, isType("tcp.closed", "h2.goaway", "tcp.broken_pipe", "tcp.reset"));
const eofOrGoaway = both(onConnection, isType("tcp.closed", "h2.goaway"));
const vanished = both(onAttempt, throughBalancer, isType("tcp.timed_out"));
const refused = both(onAttempt, throughBalancer, isType("tcp.refused"));
const endedInHandshake = both(onAttempt, throughBalancer, isType("tcp.reset", "tcp.closed"));
const cut = both(onConnection, isType("tcp.closed", "tcp.broken_pipe", "tcp.reset"));
/** Cut as by the kernel of a process that is no more: no GOAWAY came before. */
const cutUntold = both(onConnection, ({ close }) => close === "abrupt" || close === "reset");
const lostTheirHost = both(resetConnection, ({ hairpin }) => hairpin !== true);

/** A server with nothing to wait for is gone a second or two after its GOAWAYs. */
const LONG_DRAIN_NS = 3 * NANOS_PER_SECOND;

/** Failures that the field has met and understood. `docs/signatures.md` is made from this list. */
export const SIGNATURES: readonly Signature[] = [
  {
    id: "hairpin",
    title: "A control-plane node loses the balanced address together with its own API server",
    core: {
      text: "a failed connection through the balancer was with the node's own server: local IP = remote IP, or no other node lost the path with it",
      holds: (facts) =>
        some(facts, (failure) => failure.hairpin === true && (onConnection(failure) || onAttempt(failure))),
    },
    conditions: [
      {
        text: "it was lost by FIN, RST or a broken pipe, not by silence",
        holds: (facts) => some(facts, (failure) => failure.hairpin === true && endedUnder(failure)),
      },
      known("the balancer is one that sends a backend's own traffic to itself, as GCP's internal one does"),
    ],
    cause:
      "The internal balancer's address is local to its backends: a backend's own traffic is answered by the backend itself, and health checks have no say. When its API server goes, the node has no other way.",
    fix: "Switch the local route by a watcher of the local /readyz (on OpenShift the files in /run/cloud-routes), so that a node without a ready server of its own is sent through the balancer.",
    references: ["openshift/machine-config-operator #1031, #1670 (BZ 1802534), #1808 (BZ 1845903)"],
  },
  {
    id: "hairpin-reset",
    title: "Reset on the hairpin when the shutdown delay is over",
    core: {
      text: "a connection to the node's own server, through the balancer's address, was reset, without GOAWAY",
      holds: (facts) => some(facts, (failure) => resetConnection(failure) && failure.hairpin === true),
    },
    conditions: [
      {
        text: "it came at the end of the shutdown delay",
        holds: (facts) =>
          ofThese(
            facts,
            (failure) => resetConnection(failure) && failure.hairpin === true,
            ({ atDelayEnd }) => atDelayEnd,
          ),
      },
    ],
    cause:
      "The node's own API server closed its connections badly when its shutdown delay was over, and the hairpin kept the node on it until then.",
    fix: "As for the hairpin; and a kube-apiserver that waits for its HTTP server's shutdown (1.19 and later).",
    references: ["the seed's report, GCP 4.4.7", "kubernetes/kubernetes #91984"],
  },
  {
    id: "exit-before-shutdown",
    title: "Bursts of EOF or “GOAWAY and closed” when the shutdown delay is over",
    core: {
      text: "two or more requests or connections ended within a second by FIN, or by the end of a connection that had said GOAWAY",
      holds: (facts) => atOnce(facts, eofOrGoaway, 2),
    },
    conditions: [
      {
        text: "at the end of the shutdown delay",
        holds: (facts) => ofThese(facts, eofOrGoaway, ({ atDelayEnd }) => atDelayEnd),
      },
      {
        text: "TLS said no goodbye (close_notify)",
        holds: (facts) =>
          ofThese(facts, eofOrGoaway, ({ closeNotify }) => (closeNotify === null ? null : !closeNotify)),
      },
      known("the API server is older than 1.19"),
    ],
    cause:
      "The process exited before its HTTP server had finished shutting down, so that the kernel closed what was still open: GOAWAYs that were not sent yet, answers that were promised.",
    fix: "kube-apiserver 1.19 or later, which waits for the shutdown; Go's HTTP/2 server then closes a connection one second after its last stream.",
    references: ["kubernetes/kubernetes #91984, #97232", "golang/go #39776, #39919"],
  },
  {
    id: "killed",
    title: "The server was killed, not shut down",
    core: {
      text: "two or more connections ended within a second by a bare FIN or RST, without GOAWAY",
      holds: (facts) => atOnce(facts, cutUntold, 2),
    },
    conditions: [
      {
        text: "TLS said no goodbye (close_notify)",
        holds: (facts) =>
          ofThese(
            facts,
            (failure) => onConnection(failure) && failure.close === "abrupt",
            ({ closeNotify }) => (closeNotify === null ? null : !closeNotify),
          ),
      },
      {
        text: "new connections were refused afterwards, on the path of those",
        holds: (facts) =>
          facts.from === "run"
            ? some(
                facts,
                (failure) =>
                  both(onAttempt, isType("tcp.refused"))(failure) &&
                  atOnce(
                    facts,
                    both(cutUntold, ({ path, t }) => path === failure.path && t <= failure.t),
                    2,
                  ),
              )
            : null,
      },
      known("the process got SIGKILL: the pod's termination grace was over, memory ran out, or it crashed"),
    ],
    cause: "A killed process says nothing: the kernel ends its connections by FIN, or by RST where bytes were unread.",
    fix: "Let the pod's termination grace be longer than the shutdown delay plus 60 s, and look for out-of-memory kills and crashes.",
    references: ["kube-apiserver's termination, measured: docs/rollouts.md"],
  },
  {
    id: "redirect-gap",
    title: "New connections vanish on a node while held ones live",
    core: {
      text: "attempts to connect through the balancer got no answer",
      holds: (facts) => some(facts, vanished),
    },
    conditions: [
      {
        text: "after T0, and not at the end of the shutdown delay (on GCP between 10 s and 40 s after T0)",
        holds: (facts) => ofThese(facts, vanished, ({ inDelay }) => inDelay),
      },
      {
        text: "no connection through the balancer that stood fell silent",
        holds: (facts) =>
          facts.from === "run" ? !some(facts, both(onConnection, throughBalancer, isType("h2.ping.timed_out"))) : null,
      },
      known(
        "the node is on GCP, and its local redirect was switched off before the balancer had taken the backend out",
      ),
    ],
    cause:
      "The local redirect is gone, and the balancer still has the node's own backend in its rotation: the node's new connections come back to itself and are dropped.",
    fix: "None is known; a shutdown delay longer than both times keeps the server answering meanwhile.",
    references: ["OCPBUGS-83523"],
  },
  {
    id: "no-hairpin",
    title: "A control-plane node cannot reach the balanced address while its own server is chosen",
    core: {
      text: "attempts to connect through the balancer got no answer",
      holds: (facts) => some(facts, vanished),
    },
    conditions: [
      SOME_ATTEMPTS_WORKED,
      DIRECT_PATHS_WELL,
      {
        text: "no connection was with the node's own server by local IP = remote IP",
        holds: (facts) =>
          facts.failures.some(({ hairpin }) => hairpin !== null)
            ? !some(facts, ({ hairpin }) => hairpin === true)
            : null,
      },
      known("the node is a backend of the balancer, on Azure or Alibaba; or on AWS with client IP preservation"),
    ],
    cause:
      "The balancer cannot send a backend's traffic back to that backend (Azure, Alibaba), or sends it with the client's own address as its source (AWS NLB with client IP preservation): the answer never matches the connection.",
    fix: "On Azure and Alibaba a watcher that redirects locally (apiserver-watcher); on AWS preserve_client_ip.enabled=false.",
    references: ["openshift/machine-config-operator #2011, #2919", "AWS NLB target group attributes"],
  },
  {
    id: "nlb-terminates",
    title: "Connections are reset about 30 s after /readyz goes red",
    core: {
      text: "a connection through the balancer was reset, without GOAWAY",
      holds: (facts) => some(facts, resetConnection),
    },
    conditions: [
      {
        text: "after T0, and not at the end of the shutdown delay (on AWS about 30 s after T0)",
        holds: (facts) => ofThese(facts, resetConnection, ({ inDelay }) => inDelay),
      },
      {
        text: "no connection to a server that was well was among them",
        holds: (facts) => {
          const well = ofThese(facts, resetConnection, ({ wasWell }) => wasWell);
          return well === null ? null : !well;
        },
      },
      {
        text: "local IP and remote IP differ",
        holds: (facts) => ofThese(facts, resetConnection, ({ hairpin }) => (hairpin === null ? null : !hairpin)),
      },
      known("the balancer is an AWS NLB that terminates connections to unhealthy targets, which is its default"),
    ],
    cause:
      "The balancer ends every connection to a target as soon as it calls it unhealthy, long before the server stops.",
    fix: "target_health_state.unhealthy.connection_termination.enabled=false, and a draining interval of 300 s.",
    references: ["kubernetes-sigs/cluster-api-provider-aws #5475, #5589"],
  },
  {
    id: "slow-removal",
    title: "The balancer sends new connections to a server that goes, or is not ready",
    core: {
      text: "new connections were sent to a backend up to the end of its shutdown delay or later (refused), or before it was ready",
      holds: (facts) => {
        if (some(facts, refused)) return true;
        const { rollout } = facts;
        return rollout === null
          ? null
          : (rollout.marginNs !== null && rollout.marginNs < 0) ||
              // Had they not ceased, what came next would have failed.
              (rollout.stoppedWhileChosen && some(facts, both(onAttempt, throughBalancer))) ||
              (rollout.beforeReady ?? 0) > 0;
      },
    },
    conditions: [
      SOME_ATTEMPTS_WORKED,
      {
        text: "not on the hairpin of the server's own node alone, where the balancer has no say",
        holds: ({ failures }) => {
          const told = failures.filter(throughBalancer).flatMap(({ hairpin }) => hairpin ?? []);
          return told.length === 0 ? null : told.includes(false);
        },
      },
      known("the server went as it was told to, and did not crash"),
    ],
    cause:
      "Health checks and their propagation take longer than the shutdown delay (on AWS 30 s to 120 s), or the balancer asks for a TCP handshake where it should ask /readyz.",
    fix: "Let 0.8 of the shutdown delay be longer than the slowest removal, and let the health check ask /readyz over HTTPS.",
    references: ["openshift/cluster-kube-apiserver-operator #1982", "OCPBUGS-86789"],
  },
  {
    id: "accept-backlog",
    title: "New connections are reset or closed in their TLS handshake when the listener closes",
    core: {
      text: "an attempt was reset or closed after TCP was established, before TLS was",
      holds: (facts) => some(facts, endedInHandshake),
    },
    conditions: [
      {
        text: "at the end of the shutdown delay",
        holds: (facts) => ofThese(facts, endedInHandshake, ({ atDelayEnd }) => atDelayEnd),
      },
      {
        text: "no connection that stood was cut in the same second: the listener closed, and nothing else",
        holds: (facts) =>
          ofThese(facts, endedInHandshake, (failure) => !some(facts, both(cut, throughBalancer, near(failure)))),
      },
    ],
    cause:
      "The connection waited in the kernel's accept queue when the server closed its listener: the kernel resets those. The balancer still sent connections then.",
    fix: "As for a balancer that is slow to remove: a longer shutdown delay, or quicker health checks.",
    references: ["kube-apiserver's termination, measured: docs/rollouts.md"],
  },
  {
    id: "forgotten-flow",
    title: "A connection falls silent: established, and never an answer",
    core: {
      text: "a connection stopped answering PING",
      holds: (facts) => some(facts, both(onConnection, isType("h2.ping.timed_out"))),
    },
    conditions: [
      {
        text: "new connections on the same path worked",
        holds: ({ paths, failures }) => {
          const silent = new Set(failures.filter(isType("h2.ping.timed_out")).map(({ path }) => path));
          const same = paths.filter(({ path, attempted }) => silent.has(path) && attempted > 0);
          return same.length === 0 ? null : same.every(({ attempted, failed }) => failed < attempted);
        },
      },
    ],
    cause:
      "The balancer, or a firewall on the way, forgot the flow, or its backend is gone without a word. TCP alone notices after 15 minutes.",
    fix: "HTTP/2 PING in the client (client-go: 30 s and 15 s, since 1.20), and on the balancer a RST instead of silence for unknown flows.",
    references: ["kubernetes/kubernetes #95981"],
  },
  {
    id: "address-moved",
    title: "All connections reset at once",
    core: {
      text: "three or more connections through the balancer were reset within a second",
      holds: (facts) => atOnce(facts, lostTheirHost, 3),
    },
    conditions: [
      {
        text: "connections to servers that were well were among them",
        holds: (facts) => ofThese(facts, lostTheirHost, ({ wasWell }) => wasWell),
      },
      {
        text: "not at the end of a server's shutdown delay",
        holds: (facts) => {
          if (
            atOnce(
              facts,
              both(lostTheirHost, ({ atDelayEnd }) => atDelayEnd === false),
              3,
            )
          )
            return true;
          return atOnce(
            facts,
            both(lostTheirHost, ({ atDelayEnd }) => atDelayEnd !== true),
            3,
          )
            ? null
            : false;
        },
      },
      known("the address is held by keepalived and served by haproxy, as on bare metal"),
    ],
    cause:
      "The address moved to another host, which knows none of the connections; or haproxy was reloaded or closed sessions of a backend that it called down.",
    fix: "haproxy: rise 3 and on-marked-down shutdown-sessions; keepalived: checks that do not move the address for one missed answer.",
    references: ["openshift/machine-config-operator #1893, #6400"],
  },
  {
    id: "held-by-watch",
    title: "A server lives on after its shutdown delay: requests that do not end hold it",
    core: {
      text: "a process ended three seconds or more after the end of its shutdown delay",
      holds: ({ rollout }) => rollout !== null && rollout.drainNs !== null && rollout.drainNs >= LONG_DRAIN_NS,
    },
    conditions: [
      {
        text: "a request of ours was open when it stopped taking new ones",
        holds: ({ rollout }) => (rollout !== null && rollout.openAtStop > 0 ? true : null),
      },
      known("a watch, or another request that lasts, was among those that it waited for"),
    ],
    cause:
      "The HTTP server's shutdown waits for watches as for any other request, up to --request-timeout (a minute). Nothing fails by that, but each instance takes so much longer, in which a deadline elsewhere may end, such as the pod's termination grace.",
    fix: "--shutdown-watch-termination-grace-period (Kubernetes 1.27 and later), or --shutdown-send-retry-after; and a termination grace longer than the shutdown delay plus 60 s.",
    references: ["kube-apiserver's termination, measured: docs/rollouts.md"],
  },
  {
    id: "goaway-chance",
    title: "A healthy server says GOAWAY now and then",
    core: {
      text: "a connection was told GOAWAY and kept what it was promised; requests that crossed it were left unserved, safe to retry",
      holds: (facts) => some(facts, keptGoaway),
    },
    conditions: [
      { text: "its server was well", holds: (facts) => ofThese(facts, keptGoaway, ({ wasWell }) => wasWell) },
      {
        text: "new connections on the same path worked in that second",
        holds: (facts) =>
          ofThese(
            facts,
            keptGoaway,
            (failure) =>
              !some(
                facts,
                both(onAttempt, near(failure), ({ path }) => path === failure.path),
              ),
          ),
      },
      known("--goaway-chance is set, on OpenShift to 0.001"),
    ],
    cause:
      "The server ends a connection after one request in so many, so that clients spread over all servers, new ones too.",
    fix: "None is needed: clients ask again elsewhere what was not served.",
    references: ["kube-apiserver --goaway-chance"],
    harmless: true,
  },
  {
    id: "drain-429",
    title: "Requests were told to come back later",
    core: {
      text: "requests were answered 429 or 503 with Retry-After",
      holds: (facts) => some(facts, ({ of, type }) => of === "request" && type === "http.retry_after"),
    },
    conditions: [],
    cause:
      "A server that drains with --shutdown-send-retry-after answers so, and a request that is read in the moment of shutdown gets it in any case.",
    fix: "None is needed where clients obey Retry-After: client-go asks again up to ten times, for any verb.",
    references: ["kube-apiserver --shutdown-send-retry-after"],
    harmless: true,
  },
];
