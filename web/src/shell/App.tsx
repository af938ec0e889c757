/** The frame around every page: navigation, workspace, person. */
import {
  Button,
  Menu,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  Select,
  Spinner,
  Text,
  makeStyles,
  tokens,
} from "@fluentui/react-components";
import { Suspense, useEffect, useRef } from "react";
import type { RefObject } from "react";
import { Link, NavLink, Route, Routes, useLocation, useNavigate } from "react-router-dom";
import { NARROW as NARROW_WINDOW } from "../parts/narrow";
import { EmptyState } from "../parts/notices";
import { useZone } from "../parts/time";
import { useSession, workspaceTitle } from "../session/session";
import { useAppearance } from "./appearance";
import { useUrlState } from "../parts/urlState";
import { PageBoundary } from "./PageBoundary";
import { pages } from "./pages";

/** The navigation is a line above the page there. */
const NARROW = `@media ${NARROW_WINDOW}`;

const useStyles = makeStyles({
  frame: {
    height: "100%",
    display: "grid",
    gridTemplate: '"top top" auto "side main" 1fr / 13rem 1fr',
    backgroundColor: tokens.colorNeutralBackground3,
    [NARROW]: { gridTemplate: '"top" auto "side" auto "main" 1fr / minmax(0, 1fr)' },
  },
  skip: {
    position: "absolute",
    left: "-100rem",
    zIndex: 10,
    padding: tokens.spacingHorizontalM,
    backgroundColor: tokens.colorNeutralBackground1,
    "&:focus": { left: tokens.spacingHorizontalM, top: tokens.spacingVerticalXS },
  },
  top: {
    gridArea: "top",
    display: "flex",
    alignItems: "center",
    gap: tokens.spacingHorizontalM,
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  space: { flexGrow: 1 },
  side: {
    gridArea: "side",
    overflowY: "auto",
    padding: tokens.spacingVerticalM,
    backgroundColor: tokens.colorNeutralBackground2,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    [NARROW]: {
      display: "flex",
      padding: tokens.spacingVerticalXS,
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    },
  },
  links: { [NARROW]: { display: "flex" } },
  group: {
    [NARROW]: { display: "none" },
    display: "block",
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalS} ${tokens.spacingVerticalXS}`,
    color: tokens.colorNeutralForeground3,
  },
  link: {
    display: "block",
    padding: `${tokens.spacingVerticalSNudge} ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground1,
    textDecorationLine: "none",
    "&:hover": { backgroundColor: tokens.colorNeutralBackground2Hover },
    "&[aria-current=page]": {
      backgroundColor: tokens.colorNeutralBackground2Selected,
      fontWeight: tokens.fontWeightSemibold,
    },
    [NARROW]: { whiteSpace: "nowrap" },
  },
  main: {
    gridArea: "main",
    overflow: "auto",
    padding: tokens.spacingHorizontalXL,
    outline: "none",
  },
});

function Navigation() {
  const styles = useStyles();
  const { may } = useSession();
  const shown = pages.filter((p) => p.group && (p.right === undefined || may(p.right)));
  const groups = [...new Set(shown.map((p) => p.group))];
  return (
    <nav className={styles.side} aria-label="Pages">
      {groups.map((group) => (
        <div key={group} className={styles.links}>
          <Text className={styles.group} size={200} weight="semibold">
            {group}
          </Text>
          {shown
            .filter((p) => p.group === group)
            .map((p) => (
              <NavLink key={p.path} to={p.path} end={p.path === "/"} className={styles.link}>
                {p.title}
              </NavLink>
            ))}
        </div>
      ))}
    </nav>
  );
}

/**
 * The workspace that an address names: ?workspace=ID, in links to what is in another one than that which is looked at.
 * It is chosen before the page is shown, so that nothing of the wrong one is ever asked for.
 */
function useAddressedWorkspace(): { ready: boolean; unknown: boolean } {
  const { tenants, workspace, selectWorkspace } = useSession();
  const asked = useUrlState().one("workspace");
  const known = tenants.some((tenant) => tenant.workspaces.some((w) => w.id === asked));
  const ready = asked === "" || asked === workspace?.id;
  useEffect(() => {
    if (!ready && known) selectWorkspace(asked);
  }, [ready, known, asked, selectWorkspace]);
  return { ready, unknown: !ready && !known };
}

function WorkspaceChoice() {
  const { tenants, workspace, selectWorkspace } = useSession();
  const url = useUrlState();
  const choose = (id: string) => {
    selectWorkspace(id);
    // What the address says of workspaces would count otherwise.
    if (url.has("workspace") || url.has("workspaces"))
      url.change({ workspace: undefined, workspaces: undefined });
  };
  return (
    <Select
      aria-label="Workspace"
      value={workspace?.id ?? ""}
      onChange={(_, data) => choose(data.value)}
    >
      {tenants.map((tenant) => (
        <optgroup key={tenant.id} label={tenant.name}>
          {tenant.workspaces.map((w) => (
            <option key={w.id} value={w.id}>
              {workspaceTitle(w)}
            </option>
          ))}
        </optgroup>
      ))}
    </Select>
  );
}

function PersonMenu() {
  const { user, signOut } = useSession();
  const { dark, choose } = useAppearance();
  const [zone, chooseZone] = useZone();
  const go = useNavigate();
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle">{user.displayName || user.name}</Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => void go("/account")}>Your account</MenuItem>
          <MenuItem onClick={() => chooseZone(zone === "utc" ? "local" : "utc")}>
            {zone === "utc" ? "Times of this place" : "Times in UTC"}
          </MenuItem>
          <MenuItem onClick={() => choose(dark ? "light" : "dark")}>
            {dark ? "Light appearance" : "Dark appearance"}
          </MenuItem>
          <MenuItem onClick={() => choose("system")}>Appearance of the system</MenuItem>
          <MenuItem onClick={() => void signOut()}>Sign out</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

/** Names the window after the page. The keyboard goes on in a page that the navigation opened, not before it. */
function Title({ main }: { main: RefObject<HTMLElement | null> }) {
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    const page = pages.find((p) => p.path === pathname);
    document.title = page ? `${page.title} · Vedette` : "Vedette";
    if (before.current === pathname) return;
    before.current = pathname;
    const at = document.activeElement;
    if (at === null || at === document.body || at.closest("nav") !== null) main.current?.focus();
  }, [pathname, main]);
  return null;
}

export function App() {
  const styles = useStyles();
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const addressed = useAddressedWorkspace();
  return (
    <div className={styles.frame}>
      <Title main={main} />
      <a
        href="#content"
        className={styles.skip}
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the page
      </a>
      <header className={styles.top}>
        <Text weight="semibold" size={500}>
          Vedette
        </Text>
        <div className={styles.space} />
        <WorkspaceChoice />
        <PersonMenu />
      </header>
      <Navigation />
      <main id="content" ref={main} tabIndex={-1} className={styles.main}>
        <PageBoundary place={pathname}>
          <Suspense fallback={<Spinner label="Loading" />}>
            {addressed.unknown && (
              <EmptyState title="The workspace of this address is not one of yours">
                It may have been deleted, or you may not see it. Ask who sent you the address.
              </EmptyState>
            )}
            {addressed.ready && (
              <Routes>
                {pages.map((p) => (
                  <Route key={p.path} path={p.path} element={<p.component />} />
                ))}
                <Route
                  path="*"
                  element={
                    <EmptyState
                      title="There is no such page."
                      action={<Link to="/">Overview</Link>}
                    >
                      The address may be wrong, or of an older version.
                    </EmptyState>
                  }
                />
              </Routes>
            )}
          </Suspense>
        </PageBoundary>
      </main>
    </div>
  );
}
