import { sentence } from "@headway-run/react/words";
import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Notice } from "../parts/Notice.tsx";
import { consolePath } from "../place.ts";
import { NotLoaded } from "./parts.ts";
import { useTitle } from "./useTitle.ts";

/** Time between two looks whether the server is there again. */
const LOOK_MS = 2_000;

/** There is no such page. */
export function NotFound() {
  useTitle("No such page");
  return (
    <Notice title="There is no such page" level={1} action={<Link to="/">All runs</Link>}>
      The address may be old, or mistyped.
    </Notice>
  );
}

/** A page could not be drawn, or its part of the app could not be loaded. What is around it stays. */
export function Broken({ error }: ErrorComponentProps) {
  useTitle("Something went wrong");
  const away = useAway(error instanceof NotLoaded);
  if (away) {
    return (
      <Notice title="The server cannot be reached" level={1} tone="bad">
        This page of the console has not been loaded yet. It comes by itself as soon as the server answers.
      </Notice>
    );
  }
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

function answers(): Promise<boolean> {
  return fetch(consolePath(), { cache: "no-store" })
    .then(({ ok }) => ok)
    .catch(() => false);
}

/** Whether the server is away, as long as that matters; the page is loaded again when it is there after it was not. */
function useAway(matters: boolean): boolean {
  const [away, setAway] = useState(matters);
  useEffect(() => {
    if (!matters) return;
    let missed = false;
    let over = false;
    const look = async () => {
      const isThere = await answers();
      if (over) return; // another page is shown, and not to be loaded anew
      if (isThere && missed) location.reload();
      missed ||= !isThere;
      setAway(missed);
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [matters]);
  return away;
}
