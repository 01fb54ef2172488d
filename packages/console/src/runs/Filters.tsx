import type { RunStatus } from "@headway-run/client";
import { Icon } from "@headway-run/react/components";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, lazy, Suspense, useId } from "react";
import { runSign, STATUSES } from "../model/status.ts";
import { part } from "../shell/parts.ts";
import { SearchBox } from "./SearchBox.tsx";
import { isFiltered, type RunsSearch } from "./search.ts";

/** It asks which jobs there are; the list of runs is there before. */
const JobFilter = lazy(part(() => import("./JobFilter.tsx").then(({ JobFilter }) => ({ default: JobFilter }))));

/** Which runs are listed. It stands in the address: what one sees can be sent to somebody, and the way back works. */
export function Filters({ search }: { search: RunsSearch }) {
  const navigate = useNavigate();
  const go = (changes: Partial<RunsSearch>, replace = false) =>
    void navigate({ to: "/", search: { ...search, page: undefined, ...changes }, replace });
  return (
    <search className="filters" aria-label="Filters">
      <Statuses
        chosen={search.status ?? []}
        onChoose={(status) => go({ status: status.length > 0 ? status : undefined })}
      />
      {/* Words that are typed on are one way back, not one for each of them. */}
      <SearchBox words={search.q} onSearch={(q) => go({ q }, q !== undefined && search.q !== undefined)} />
      <Suspense fallback={<KnownJob job={search.job} />}>
        <JobFilter job={search.job} onChoose={(job) => go({ job })} />
      </Suspense>
      <GroupFilter key={search.group ?? ""} group={search.group} onChoose={(group) => go({ group })} />
      {isFiltered(search) && (
        <button type="button" className="hw-button" onClick={() => void navigate({ to: "/", search: {} })}>
          Clear
        </button>
      )}
    </search>
  );
}

interface StatusesProps {
  chosen: readonly RunStatus[];
  onChoose: (status: RunStatus[]) => void;
}

function Statuses({ chosen, onChoose }: StatusesProps) {
  const toggle = (status: RunStatus) =>
    onChoose(STATUSES.filter((one) => (one === status ? !chosen.includes(one) : chosen.includes(one))));
  return (
    <fieldset className="chips">
      <legend className="hw-hidden">Status</legend>
      {STATUSES.map((status) => {
        const { icon, tone, word } = runSign(status);
        return (
          <label key={status} className="chip" data-tone={tone}>
            <input type="checkbox" checked={chosen.includes(status)} onChange={() => toggle(status)} />
            <Icon name={icon === "busy" ? "circle" : icon} />
            {word}
          </label>
        );
      })}
    </fieldset>
  );
}

/** As long as nobody knows which jobs there are, the one that is chosen. */
function KnownJob({ job }: { job: string | undefined }) {
  return (
    <div className="filter">
      <label htmlFor="job">Job</label>
      <select id="job" disabled>
        <option>{job ?? "All jobs"}</option>
      </select>
    </div>
  );
}

function GroupFilter({
  group,
  onChoose,
}: {
  group: string | undefined;
  onChoose: (group: string | undefined) => void;
}) {
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wanted = `${new FormData(event.currentTarget).get("group") ?? ""}`.trim();
    onChoose(wanted || undefined);
  };
  return (
    <form className="filter" onSubmit={submit}>
      <label htmlFor={id}>Group</label>
      <input
        id={id}
        name="group"
        defaultValue={group}
        placeholder="Any"
        autoComplete="off"
        onBlur={({ target }) => target.value.trim() !== (group ?? "") && target.form?.requestSubmit()}
      />
    </form>
  );
}
