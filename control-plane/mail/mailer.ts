/** Hands one e-mail to the operator's SMTP server, with a clock on each step. Whatever goes wrong is the result, in words. */
import { createTransport } from "nodemailer";

const connectMs = 5_000;
/** Between two words of the server. */
const silenceMs = 10_000;
/** For all of it. */
const sendMs = 30_000;
const errorLengthMax = 300;

export interface SmtpSettings {
  /** smtp:// or smtps://, with user and password where the server wants them. */
  readonly url: string;
  /** "Penstock <alerts@example.com>". */
  readonly from: string;
}

export interface OutgoingMail {
  readonly id: string;
  readonly recipient: string;
  readonly subject: string;
  readonly body: string;
}

export interface SentMail {
  /** Null: the server took it. */
  readonly error: string | null;
  /** The server says that it never will: a status of 5xx to what was asked of it. */
  readonly refused: boolean;
}

export interface Mailer {
  send(mail: OutgoingMail): Promise<SentMail>;
  close(): void;
}

/** @param smtp undefined: e-mail is not set up. */
export function openMailer(smtp: SmtpSettings | undefined): Mailer | undefined {
  if (smtp === undefined) return undefined;
  const transport = createTransport(
    { url: smtp.url, connectionTimeout: connectMs, greetingTimeout: connectMs, socketTimeout: silenceMs, dnsTimeout: connectMs },
    // Nothing of a mail comes from a file or another server.
    { from: smtp.from, disableFileAccess: true, disableUrlAccess: true },
  );
  const domain = /@([\w.-]+)>?\s*$/.exec(smtp.from)?.[1] ?? "penstock.invalid";
  return {
    send: async ({ id, recipient, subject, body }) => {
      let clock: NodeJS.Timeout | undefined;
      const over = new Promise<never>((_, reject) => {
        clock = setTimeout(() => reject(new Error(`not taken within ${sendMs} ms`)), sendMs);
      });
      try {
        await Promise.race([
          transport.sendMail({
            to: { name: "", address: recipient },
            subject,
            text: body,
            messageId: `<${id}@${domain}>`,
            headers: { "auto-submitted": "auto-generated" },
          }),
          over,
        ]);
        return { error: null, refused: false };
      } catch (error) {
        return { error: (error instanceof Error ? error.message : String(error)).slice(0, errorLengthMax), refused: isRefusal(error) };
      } finally {
        clearTimeout(clock);
      }
    },
    close: () => transport.close(),
  };
}

/** RFC 5321, 4.2.1: 5yz is for good. A password that is wrong today may be right when somebody has mended the settings. */
function isRefusal(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("responseCode" in error)) return false;
  const { responseCode, code } = error as { readonly responseCode: unknown; readonly code?: unknown };
  return typeof responseCode === "number" && responseCode >= 500 && code !== "EAUTH";
}
