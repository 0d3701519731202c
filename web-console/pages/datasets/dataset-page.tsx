/** One dataset: its cases, which are shown when somebody asks for them, for each look is written down. */
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { DestroyDialog } from "../../change/destroy-dialog.tsx";
import { EditDialog } from "../../change/form.tsx";
import { tell } from "../../change/tell.ts";
import { count, counted } from "../../format/numbers.ts";
import { actorName } from "../../format/time.ts";
import { graphql, type ResultOf } from "../../graphql/documents.ts";
import { usePageQuery } from "../../graphql/page-query.ts";
import { Empty, Result } from "../../graphql/result.tsx";
import { useRefusal } from "../../session/viewer.ts";
import { Card, Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Code, Notice, When } from "../../ui/marks.tsx";
import { type CasesValues, casesInput, casesNames, casesProblem, newCases } from "./case-values.ts";
import { CasesFields } from "./cases-fields.tsx";
import { addCases, archiveDataset, removeCases } from "./changes.ts";

const casesShown = 50;

const query = graphql(`
  query Dataset($id: ID!, $look: Boolean!, $after: Int) {
    dataset(id: $id) {
      id
      name
      description
      createdAt
      createdBy
      casesCount
      cases(first: 50, after: $after) @include(if: $look) {
        id
        position
        request
        expected
        callId
      }
    }
  }
`);

type Case = NonNullable<NonNullable<ResultOf<typeof query>["dataset"]>["cases"]>[number];

export function DatasetPage() {
  const { datasetId } = useParams({ strict: false }) as { datasetId: string };
  const [after, setAfter] = useState<number>();
  const [layer, setLayer] = useState<"add" | "archive">();
  const refusal = useRefusal("developer");
  const page = usePageQuery(query, { id: datasetId, look: after !== undefined, after: after ?? null }, { follow: false });
  const navigate = useNavigate();
  const dataset = page.data?.dataset;
  const remove = async (id: string) => {
    tell("The case is taken out", await removeCases(datasetId, [id]));
    page.again();
  };
  return (
    <Page
      title={dataset?.name ?? "Dataset"}
      lead={dataset?.description || undefined}
      under={{ to: "/replays", name: "Replays" }}
      actions={
        dataset != null && (
          <>
            <Button look="danger" refused={refusal} onClick={() => setLayer("archive")}>
              Archive
            </Button>
            <Button refused={refusal} onClick={() => setLayer("add")}>
              Add cases
            </Button>
            <Link to="/replays" search={{ make: true, dataset: dataset.id }} className="button primary">
              Try it
            </Link>
          </>
        )
      }
    >
      <Result of={page}>
        {(data) =>
          data.dataset === null ? (
            <Empty title="There is no such dataset">It is archived, belongs to another organisation, or the address is mistyped.</Empty>
          ) : (
            <>
              <Card>
                <p>
                  {counted(data.dataset.casesCount, "case")}. Made <When at={data.dataset.createdAt} /> by{" "}
                  {actorName(data.dataset.createdBy)}.
                </p>
              </Card>
              {after === undefined ? (
                <Notice>
                  <div className="row apart">
                    <span>What callers said may be in its cases; that you look at them is written to the audit log.</span>
                    <Button small refused={refusal} onClick={() => setAfter(0)}>
                      Look
                    </Button>
                  </div>
                </Notice>
              ) : (
                <Cases
                  cases={data.dataset.cases ?? []}
                  refusal={refusal}
                  onRemove={(id) => void remove(id)}
                  onFirst={after === 0 ? undefined : () => setAfter(0)}
                  onNext={setAfter}
                />
              )}
              {layer === "add" && (
                <EditDialog<CasesValues>
                  title={`Add cases to ${data.dataset.name}`}
                  start={newCases}
                  names={casesNames}
                  submit="Add them"
                  done="The cases are added"
                  large
                  refuse={casesProblem}
                  save={(values) => addCases(datasetId, casesInput(values))}
                  onClose={() => {
                    setLayer(undefined);
                    page.again();
                  }}
                >
                  {(form) => <CasesFields form={form} />}
                </EditDialog>
              )}
              {layer === "archive" && (
                <DestroyDialog
                  title={`Archive ${data.dataset.name}?`}
                  name={data.dataset.name}
                  verb="Archive the dataset"
                  done="The dataset is archived"
                  consequences={[`Its ${counted(data.dataset.casesCount, "case")} are deleted for good.`, "Results of replays stay."]}
                  act={() => archiveDataset(datasetId)}
                  onClose={(done) => (done ? void navigate({ to: "/replays", search: { tab: "datasets" } }) : setLayer(undefined))}
                />
              )}
            </>
          )
        }
      </Result>
    </Page>
  );
}

interface CasesProps {
  readonly cases: readonly Case[];
  readonly refusal: string | undefined;
  readonly onRemove: (id: string) => void;
  readonly onFirst: (() => void) | undefined;
  readonly onNext: (after: number) => void;
}

function Cases({ cases, refusal, onRemove, onFirst, onNext }: CasesProps) {
  const last = cases.at(-1);
  return (
    <>
      {cases.length === 0 && <p className="quiet">There is none.</p>}
      {cases.map((one) => (
        <Card
          key={one.id}
          title={`Case ${count(one.position)}`}
          actions={
            <span className="row">
              {one.callId !== null && (
                <Link to="/calls/$callId" params={{ callId: one.callId }}>
                  the call
                </Link>
              )}
              <Button small look="plain" refused={refusal} onClick={() => onRemove(one.id)}>
                Take it out
              </Button>
            </span>
          }
        >
          <div className="stack tight">
            <Code wrap text={JSON.stringify(one.request, null, 1)} label="What is sent" />
            {one.expected !== "" && (
              <>
                <h3>Expected</h3>
                <Code wrap text={one.expected} label="What is expected" />
              </>
            )}
          </div>
        </Card>
      ))}
      <div className="row" style={{ justifyContent: "center" }}>
        {onFirst !== undefined && <Button onClick={onFirst}>To the first</Button>}
        {cases.length === casesShown && last !== undefined && <Button onClick={() => onNext(last.position)}>The next ones</Button>}
      </div>
    </>
  );
}
