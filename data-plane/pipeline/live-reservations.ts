/** Which calls hold something of a quota now, as a node reports it. */
import { create } from "@bufbuild/protobuf";
import { type LiveReservation, LiveReservationSchema, type NodeStatus } from "#proto/penstock/config/v1/node_pb.ts";
import type { CallState } from "./call-state.ts";
import type { CallsUnderway } from "./calls-underway.ts";

/** Of each node: a report stays a message of some kilobytes. */
const reservationsMax = 100;

/** The oldest, and how many there are in all. */
export function liveReservations(underway: CallsUnderway): Pick<NodeStatus, "reservations" | "reservationsHeld"> {
  const reservations: LiveReservation[] = [];
  let reservationsHeld = 0;
  for (let state = underway.oldest; state !== undefined; state = state.later) {
    const taken = state.reservation?.taken ?? [];
    if (taken.every(({ bound }) => bound.length === 0)) continue;
    reservationsHeld++;
    if (reservations.length < reservationsMax) reservations.push(reservationOf(state));
  }
  return { reservations, reservationsHeld };
}

function reservationOf({ request, caller, route, reservation }: CallState): LiveReservation {
  return create(LiveReservationSchema, {
    callId: request.callId,
    organisationId: caller?.organisationId ?? "",
    projectId: caller?.projectId ?? "",
    apiKeyId: caller?.apiKey.id ?? "",
    routeId: route?.id ?? "",
    routeName: route?.name ?? "",
    sinceMs: BigInt(request.receivedAtMs),
    holds: (reservation?.taken ?? []).flatMap(({ grant, bound }) => {
      const amounts = grant.amounts();
      return bound.map(({ quota, subject }, place) => ({
        quotaId: quota.id,
        quotaKey: quota.key,
        subject,
        resource: quota.resource,
        amount: BigInt(amounts[place] ?? 0),
      }));
    }),
  });
}
