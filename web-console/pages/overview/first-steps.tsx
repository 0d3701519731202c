/** What to do first, for whoever has just started: shown until the first call is there. */
import { Link } from "@tanstack/react-router";
import { Card } from "../../shell/page.tsx";

const steps = [
  {
    to: "/playground",
    name: "Make the first call",
    says: "in the playground, through the real data plane; a moment later it is in the log.",
  },
  { to: "/developers", name: "Call it from your code", says: "with any OpenAI SDK, or gRPC: the samples are filled in for you." },
  {
    to: "/backends",
    name: "Add your own models",
    says: "an account, or your vLLM, Ollama or llama.cpp server; then a route that leads to them.",
  },
  { to: "/prompts", name: "Change a prompt", says: "read the difference, deploy it to all nodes, and roll it back." },
] as const;

export const FirstSteps = () => (
  <Card title="Begin here">
    <ol className="grid">
      {steps.map(({ to, name, says }, index) => (
        <li key={to} className="row" style={{ alignItems: "baseline", flexWrap: "nowrap" }}>
          <span className="badge accent">{index + 1}</span>
          <span>
            <Link to={to} className="strong">
              {name}
            </Link>{" "}
            {says}
          </span>
        </li>
      ))}
    </ol>
  </Card>
);
