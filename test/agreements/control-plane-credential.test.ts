/** What the control plane calls nodes with: for one organisation and a minute, and nobody without the pepper can make one. */
import { expect, test } from "vitest";
import { controlPlaneOrganisation, credentialLifeMs, makeControlPlaneCredential } from "#agreements/control-plane-credential.ts";

const now = 1_800_000_000_000;
const organisation = "0198c0de-0000-7000-8000-000000000001";
const credential = makeControlPlaneCredential("pepper", organisation, now);

test("it is good for its organisation until it has run out", () => {
  expect(controlPlaneOrganisation("pepper", credential, now)).toBe(organisation);
  expect(controlPlaneOrganisation("pepper", credential, now + credentialLifeMs - 1)).toBe(organisation);
  expect(controlPlaneOrganisation("pepper", credential, now + credentialLifeMs)).toBeUndefined();
});

test.each([
  ["another pepper", credential, "other"],
  ["another organisation", credential.replace("000001", "000002"), "pepper"],
  ["a longer life", credential.replace(String(now + credentialLifeMs), String(now + credentialLifeMs + 1)), "pepper"],
  ["half of it", credential.slice(0, -5), "pepper"],
  ["no proof", credential.slice(0, credential.lastIndexOf(".")), "pepper"],
  ["a life that was made too long", makeControlPlaneCredential("pepper", organisation, now + 10 * credentialLifeMs), "pepper"],
  ["an API key", "psk_live_x_y", "pepper"],
  ["nothing", "", "pepper"],
])("it is not good with %s", (_, given, pepper) => {
  expect(controlPlaneOrganisation(pepper, given, now)).toBeUndefined();
});
