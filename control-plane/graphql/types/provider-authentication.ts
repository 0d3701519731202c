/** How a node proves itself to a provider: what providers say of it and what mutations take. */
import { ValidationError, type ValidationIssue } from "../../control-error.ts";
import {
  type ProviderAuthentication as Authentication,
  type AuthenticationMethod,
  authenticationMethods,
  clientAuthentications,
} from "../../database/entities/provider.ts";
import { placeOf } from "../../operations/provider-place.ts";
import { readKeyFile } from "../../operations/seal-provider-secrets.ts";
import type { ControlPlaneSettings } from "../../settings.ts";
import { builder } from "../builder.ts";
import { enumOf } from "../config-type.ts";

const ProviderAuthenticationMethod = enumOf("ProviderAuthenticationMethod", authenticationMethods);
const OauthClientAuthentication = enumOf("OauthClientAuthentication", clientAuthentications);

/** A method's fields by name; null where it has no such field. Which method it is, is not asked: hence the cast from the union. */
const said = (authentication: Authentication, name: string): string | null =>
  (authentication as unknown as Readonly<Record<string, string>>)[name] ?? null;

export const ProviderAuthentication = builder.objectRef<Authentication>("ProviderAuthentication").implement({
  description: "How a node proves to the provider whose call it is. The secret of each method is the provider's credential.",
  fields: (t) => ({
    method: t.field({ type: ProviderAuthenticationMethod, resolve: ({ method }) => method }),
    tokenUrl: t.string({ nullable: true, resolve: (of) => said(of, "tokenUrl") }),
    clientId: t.string({ nullable: true, resolve: (of) => said(of, "clientId") }),
    scope: t.string({ nullable: true, resolve: (of) => said(of, "scope") }),
    audience: t.string({ nullable: true, resolve: (of) => said(of, "audience") }),
    clientAuthentication: t.field({
      type: OauthClientAuthentication,
      nullable: true,
      resolve: (of) => (of.method === "oauth-client-credentials" ? of.clientAuthentication : null),
    }),
    accessKeyId: t.string({ nullable: true, resolve: (of) => said(of, "accessKeyId") }),
    region: t.string({ nullable: true, resolve: (of) => said(of, "region") }),
    clientEmail: t.string({ nullable: true, description: "The service account.", resolve: (of) => said(of, "clientEmail") }),
  }),
});

export const ProviderAuthenticationInput = builder.inputType("ProviderAuthenticationInput", {
  description:
    "API_KEY: the credential as the kind wants it. BEARER: a token. OAUTH_CLIENT_CREDENTIALS: the credential is the client's secret. " +
    "AWS_KEYS: it is the secret access key. GOOGLE_SERVICE_ACCOUNT: it is the account's key file.",
  fields: (t) => ({
    method: t.field({ type: ProviderAuthenticationMethod, required: true }),
    tokenUrl: t.string({ description: "OAUTH_CLIENT_CREDENTIALS: where tokens are fetched." }),
    clientId: t.string({ description: "OAUTH_CLIENT_CREDENTIALS." }),
    scope: t.string({ description: "OAUTH_CLIENT_CREDENTIALS, where the server wants one." }),
    audience: t.string({ description: "OAUTH_CLIENT_CREDENTIALS, where the server wants one." }),
    clientAuthentication: t.field({
      type: OauthClientAuthentication,
      description: "OAUTH_CLIENT_CREDENTIALS: where the secret stands. BASIC unless said.",
    }),
    accessKeyId: t.string({ description: "AWS_KEYS." }),
    region: t.string({ description: "AWS_KEYS: the region that calls are signed for." }),
  }),
});

const fieldsOf = {
  "api-key": [],
  bearer: [],
  "oauth-client-credentials": ["tokenUrl", "clientId", "scope", "audience", "clientAuthentication"],
  "aws-keys": ["accessKeyId", "region"],
  "google-service-account": [],
} satisfies Record<AuthenticationMethod, readonly string[]>;

/**
 * Before the transaction, because names are looked up.
 * @param credential as the mutation brings it: a service account's file says who it is.
 * @throws ValidationError where the method lacks a field or has one of another method's.
 */
export async function authenticationOf(
  settings: Pick<ControlPlaneSettings, "privateAddresses">,
  input: typeof ProviderAuthenticationInput.$inferInput,
  credential: string | null | undefined,
): Promise<Authentication> {
  const { method } = input;
  const own: readonly string[] = fieldsOf[method];
  const issues: ValidationIssue[] = Object.entries(input)
    .filter(([name, value]) => name !== "method" && value != null && !own.includes(name))
    .map(([name]) => ({ path: `authentication.${name}`, message: `says nothing where the method is ${method}` }));
  if (issues.length > 0) throw new ValidationError(issues);
  const required = (name: "tokenUrl" | "clientId" | "accessKeyId" | "region"): string => {
    const text = input[name]?.trim() ?? "";
    if (text === "") throw new ValidationError([{ path: `authentication.${name}`, message: `must be said where the method is ${method}` }]);
    return text;
  };
  switch (method) {
    case "api-key":
    case "bearer":
      return { method };
    case "oauth-client-credentials": {
      const { baseUrl } = await placeOf(settings, required("tokenUrl"), "authentication.tokenUrl");
      return {
        method,
        tokenUrl: baseUrl,
        clientId: required("clientId"),
        scope: input.scope ?? "",
        audience: input.audience ?? "",
        clientAuthentication: input.clientAuthentication ?? "basic",
      };
    }
    case "aws-keys":
      return { method, accessKeyId: required("accessKeyId"), region: required("region") };
    case "google-service-account": {
      if (credential == null || credential === "")
        throw new ValidationError([{ path: "credential", message: "must be the service account's key file" }]);
      const file = readKeyFile(credential);
      const { baseUrl } = await placeOf(settings, file.tokenUrl, "credential");
      return { method, clientEmail: file.clientEmail, tokenUrl: baseUrl };
    }
    default:
      return method satisfies never;
  }
}
