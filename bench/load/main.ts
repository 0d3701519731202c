/** The load, a process of its own: takes jobs from its parent one after another and answers each with what it measured. */
import { grpcLoop } from "./grpc-loop.ts";
import { closedLoop, manyStreams, openLoop } from "./http-loops.ts";
import type { LoadAnswer, LoadJob, LoadResult } from "./job.ts";

function run(job: LoadJob): Promise<LoadResult> {
  switch (job.kind) {
    case "closed":
      return closedLoop(job);
    case "open":
      return openLoop(job);
    case "streams":
      return manyStreams(job);
    case "grpc":
      return grpcLoop(job);
    default:
      return job satisfies never;
  }
}

process.on("message", (job: LoadJob) => {
  const answer = (message: LoadAnswer) => void process.send?.(message);
  run(job).then(
    (result) => answer({ result }),
    (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
