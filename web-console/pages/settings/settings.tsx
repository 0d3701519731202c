/** How the console looks to you, what this installation is, where everything stands. */

import { setUtc, useUtc, zoneName } from "../../format/time.ts";
import { graphql } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Result } from "../../graphql/result.tsx";
import { signOut } from "../../session/session.ts";
import { useViewer } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { chooseTheme, type ThemeChoice, useThemeChoice } from "../../shell/theme.ts";
import { Button } from "../../ui/button.tsx";
import { CheckField, SelectField } from "../../ui/field.tsx";
import { Facts } from "../../ui/marks.tsx";
import { DemoCard } from "./demo-card.tsx";

const query = graphql(`
  query Settings {
    organisation {
      id
      key
      name
    }
    demo {
      state
      madeAt
    }
    nodes {
      id
      version
      state
      restAddress
      grpcAddress
    }
    revisions(first: 1) {
      edges {
        node {
          number
          epoch
        }
      }
    }
  }
`);

export function SettingsPage() {
  const theme = useThemeChoice();
  const utc = useUtc();
  const viewer = useViewer();
  const page = usePageQuery(query, {});
  return (
    <Page
      title="Settings"
      lead="Yours are kept in this browser. What the planes are told from outside is in their environment; the README lists it."
    >
      <div className="grid">
        <Card title="This browser">
          <div className="stack">
            <SelectField
              label="Theme"
              value={theme}
              onChange={(choice) => chooseTheme(choice as ThemeChoice)}
              choices={[
                { value: "system", label: "As the system" },
                { value: "light", label: "Light" },
                { value: "dark", label: "Dark" },
              ]}
            />
            <CheckField label={`Times in UTC instead of ${zoneName(false)}`} value={utc} onChange={setUtc} />
          </div>
        </Card>
        <Card title="You">
          <div className="stack">
            <Facts
              of={[
                ["Signed in as", viewer.actor],
                ["Role", viewer.role],
                ["May act in", viewer.installation ? "every organisation" : (viewer.organisation?.name ?? "none")],
              ]}
            />
            <div>
              <Button onClick={() => void signOut()}>Sign out</Button>
            </div>
          </div>
        </Card>
      </div>
      <Result of={page}>
        {(data) => (
          <>
            {data.demo !== null && <DemoCard {...data.demo} />}
            <Card title="This installation">
              <Facts
                of={[
                  ["Organisation", `${data.organisation?.name ?? "–"} (${data.organisation?.key ?? "–"})`],
                  ["Newest revision", data.revisions.edges[0]?.node.number ?? "none"],
                  ["Epoch", <code key="epoch">{data.revisions.edges[0]?.node.epoch ?? "–"}</code>],
                  ["GraphQL", <code key="graphql">{location.origin}/graphql</code>],
                  ...data.nodes
                    .filter(({ state }) => state !== "gone")
                    .map(
                      (node) =>
                        [
                          `Node ${node.id}`,
                          `${node.version}, REST ${node.restAddress || "off"}, gRPC ${node.grpcAddress || "off"}`,
                        ] as const,
                    ),
                ]}
              />
            </Card>
          </>
        )}
      </Result>
    </Page>
  );
}
