import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useRef } from "react";
import { Mark } from "./Mark.tsx";
import { ThemeSwitch } from "./ThemeSwitch.tsx";
import { useMovedFocus } from "./useMovedFocus.ts";

const PAGES = [
  { to: "/", word: "Runs" },
  { to: "/jobs", word: "Jobs" },
  { to: "/system", word: "System" },
] as const;

/** What every page has: a way past the navigation, the navigation, and the page itself. */
export function Shell() {
  const main = useRef<HTMLElement>(null);
  useMovedFocus(main);
  const here = useRouterState({ select: ({ location }) => location.publicHref });
  return (
    <>
      {/* With its address before it: the page has a base, and "#main" alone would lead to the app's root. */}
      <a className="skip" href={`${here}#main`}>
        Skip to the content
      </a>
      <header className="hw-masthead">
        <Link to="/" className="hw-wordmark" aria-label="Headway console">
          <Mark />
          Headway
        </Link>
        <nav aria-label="Pages">
          <ul className="nav">
            {PAGES.map(({ to, word }) => (
              <li key={to}>
                <Link to={to} className="nav-link" activeOptions={{ exact: to === "/", includeSearch: false }}>
                  {word}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <ThemeSwitch />
      </header>
      <main id="main" ref={main} className="hw-page" tabIndex={-1}>
        <Outlet />
      </main>
    </>
  );
}
