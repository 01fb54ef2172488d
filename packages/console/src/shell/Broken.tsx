import { sentence } from "@headway-run/react/words";
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Notice } from "../parts/Notice.tsx";
import { useTitle } from "./useTitle.ts";

/** There is no such page. */
export function NotFound() {
  useTitle("No such page");
  return (
    <Notice title="There is no such page" level={1} action={<Link to="/">All runs</Link>}>
      The address may be old, or mistyped.
    </Notice>
  );
}

/** A page could not be drawn, or its part of the app could not be loaded. */
export function Broken({ error }: ErrorComponentProps) {
  useTitle("Something went wrong");
  return (
    <Notice
      title="This page cannot be shown"
      level={1}
      tone="bad"
      action={
        <button type="button" className="hw-button" onClick={() => location.reload()}>
          Load it again
        </button>
      }
    >
      {error instanceof Error ? sentence(error.message) : "It is not known why."} After an upgrade of the server,
      loading the page again is enough.
    </Notice>
  );
}
