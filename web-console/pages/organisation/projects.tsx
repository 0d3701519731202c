/** The projects of the organisation. */
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { captureWords } from "../../change/capture-values.ts";
import { useRefusal } from "../../session/viewer.ts";
import { Card } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { type Column, DataTable } from "../../ui/data-table.tsx";
import { When } from "../../ui/marks.tsx";
import { More } from "../../ui/more.tsx";
import type { Project } from "./project-dialog.tsx";

const columns: readonly Column<Project & { readonly createdAt: string }>[] = [
  {
    id: "name",
    name: "Project",
    by: (row) => row.name,
    cell: (row) => (
      <Link to="/projects/$projectId" params={{ projectId: row.id }} className="strong">
        {row.name}
      </Link>
    ),
  },
  { id: "key", name: "Key", by: (row) => row.key, cell: (row) => <code>{row.key}</code> },
  { id: "keeps", name: "What is said", cell: (row) => captureWords(row.contentCapture, "as the organisation") },
  { id: "made", name: "Made", by: (row) => row.createdAt, cell: (row) => <When at={row.createdAt} /> },
];

interface ProjectsProps {
  readonly projects: readonly (Project & { readonly createdAt: string })[];
  readonly later: Parameters<typeof More>[0];
  readonly onMake: () => void;
}

export function Projects({ projects, later, onMake }: ProjectsProps) {
  const refusal = useRefusal("admin");
  const navigate = useNavigate();
  return (
    <>
      <Card
        title="Projects"
        flush
        actions={
          <Button small refused={refusal} onClick={onMake}>
            <Plus size={14} aria-hidden /> New project
          </Button>
        }
      >
        <DataTable
          label="Projects"
          columns={columns}
          rows={projects}
          rowId={(row) => row.id}
          onOpen={(row) => void navigate({ to: "/projects/$projectId", params: { projectId: row.id } })}
        />
      </Card>
      <More {...later} />
    </>
  );
}
