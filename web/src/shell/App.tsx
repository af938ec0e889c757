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
import { Suspense, useEffect } from "react";
import { NavLink, Route, Routes, useLocation, useNavigate } from "react-router-dom";
import { useZone } from "../parts/time";
import { useSession } from "../session/session";
import { useAppearance } from "./appearance";
import { pages } from "./pages";

const useStyles = makeStyles({
  frame: {
    height: "100%",
    display: "grid",
    gridTemplate: '"top top" auto "side main" 1fr / 13rem 1fr',
    backgroundColor: tokens.colorNeutralBackground3,
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
  },
  group: {
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
  },
  main: { gridArea: "main", overflow: "auto", padding: tokens.spacingHorizontalXL },
});

function Navigation() {
  const styles = useStyles();
  const { may } = useSession();
  const shown = pages.filter((p) => p.group && (p.right === undefined || may(p.right)));
  const groups = [...new Set(shown.map((p) => p.group))];
  return (
    <nav className={styles.side} aria-label="Pages">
      {groups.map((group) => (
        <div key={group}>
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

function WorkspaceChoice() {
  const { tenants, workspace, selectWorkspace } = useSession();
  return (
    <Select
      aria-label="Workspace"
      value={workspace?.id ?? ""}
      onChange={(_, data) => selectWorkspace(data.value)}
    >
      {tenants.map((tenant) => (
        <optgroup key={tenant.id} label={tenant.name}>
          {tenant.workspaces.map((w) => (
            <option key={w.id} value={w.id}>
              {w.name}
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

function Title() {
  const { pathname } = useLocation();
  useEffect(() => {
    const page = pages.find((p) => p.path === pathname);
    document.title = page ? `${page.title} · Vedette` : "Vedette";
  }, [pathname]);
  return null;
}

export function App() {
  const styles = useStyles();
  return (
    <div className={styles.frame}>
      <Title />
      <header className={styles.top}>
        <Text weight="semibold" size={500}>
          Vedette
        </Text>
        <div className={styles.space} />
        <WorkspaceChoice />
        <PersonMenu />
      </header>
      <Navigation />
      <main className={styles.main}>
        <Suspense fallback={<Spinner label="Loading" />}>
          <Routes>
            {pages.map((p) => (
              <Route key={p.path} path={p.path} element={<p.component />} />
            ))}
            <Route path="*" element={<Text>There is no such page.</Text>} />
          </Routes>
        </Suspense>
      </main>
    </div>
  );
}
