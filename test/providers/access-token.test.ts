/** A token is fetched once for all who wait, renewed before it ends, and asked for again when it is refused or could not be had. */
import { describe, expect, test } from "vitest";
import { accessToken, type FetchedToken } from "../../data-plane/providers/access-token.ts";

/** A token server that answers when it is told to, and a clock that stands still. */
function scene() {
  let now = 0;
  const asked: { resolve: (token: FetchedToken) => void; reject: (reason: Error) => void }[] = [];
  const token = accessToken(
    () => new Promise<FetchedToken>((resolve, reject) => asked.push({ resolve, reject })),
    () => now,
  );
  return {
    token,
    asked,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const hour = 3_600_000;

test("many calls at once wait for one token", async () => {
  const { token, asked } = scene();
  const waiting = Array.from({ length: 20 }, () => token.get());
  expect(asked).toHaveLength(1);
  asked[0]?.resolve({ token: "t1", lifetimeMs: hour });
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["t1"]));
  expect(token.get()).toBe("t1");
  expect(asked).toHaveLength(1);
});

test("a new one is fetched a minute before the end, and nobody waits for it", async () => {
  const { token, asked, pass } = scene();
  const first = token.get();
  asked[0]?.resolve({ token: "t1", lifetimeMs: hour });
  await first;
  pass(hour - 60_001);
  expect(token.get()).toBe("t1");
  expect(asked).toHaveLength(1);
  pass(1);
  expect(token.get()).toBe("t1");
  expect(token.get()).toBe("t1");
  expect(asked).toHaveLength(2);
  asked[1]?.resolve({ token: "t2", lifetimeMs: hour });
  await expect.poll(() => token.get()).toBe("t2");
  expect(asked).toHaveLength(2);
});

test("a token of a short life is used for three quarters of it", async () => {
  const { token, asked, pass } = scene();
  const first = token.get();
  asked[0]?.resolve({ token: "t1", lifetimeMs: 20_000 });
  await first;
  pass(14_999);
  token.get();
  expect(asked).toHaveLength(1);
  pass(1);
  token.get();
  expect(asked).toHaveLength(2);
});

test("a token that has ended is not sent", async () => {
  const { token, asked, pass } = scene();
  const first = token.get();
  asked[0]?.resolve({ token: "t1", lifetimeMs: hour });
  await first;
  pass(hour);
  const second = token.get();
  expect(second).toBeInstanceOf(Promise);
  asked[1]?.resolve({ token: "t2", lifetimeMs: hour });
  expect(await second).toBe("t2");
});

describe("where none can be had", () => {
  test("every waiting call fails alike, and another asks a second later at the earliest", async () => {
    const { token, asked, pass } = scene();
    const waiting = [token.get(), token.get()];
    asked[0]?.reject(new Error("invalid_client"));
    for (const one of waiting)
      await expect(one).rejects.toMatchObject({ kind: "UPSTREAM_UNAVAILABLE", details: { anotherBackendMayHelp: true } });
    expect(() => token.get()).toThrow("no access token");
    pass(999);
    expect(() => token.get()).toThrow("no access token");
    expect(asked).toHaveLength(1);
    pass(1);
    const next = token.get();
    expect(asked).toHaveLength(2);
    asked[1]?.resolve({ token: "t1", lifetimeMs: hour });
    expect(await next).toBe("t1");
  });

  test("the one that is held serves on to its end", async () => {
    const { token, asked, pass } = scene();
    const first = token.get();
    asked[0]?.resolve({ token: "t1", lifetimeMs: hour });
    await first;
    pass(hour - 30_000);
    expect(token.get()).toBe("t1");
    asked[1]?.reject(new Error("down"));
    await new Promise(setImmediate);
    expect(token.get()).toBe("t1");
    expect(asked).toHaveLength(2);
    pass(1000);
    expect(token.get()).toBe("t1");
    expect(asked).toHaveLength(3);
  });
});

test("one that was refused is not sent again, and refusing an old one leaves the new one be", async () => {
  const { token, asked } = scene();
  const first = token.get();
  asked[0]?.resolve({ token: "t1", lifetimeMs: hour });
  await first;
  token.refuse("t1");
  const second = token.get();
  asked[1]?.resolve({ token: "t2", lifetimeMs: hour });
  expect(await second).toBe("t2");
  token.refuse("t1");
  expect(token.get()).toBe("t2");
});
