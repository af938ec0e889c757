import { Title3 } from "@fluentui/react-components";
import { useSession } from "../../session/session";

export default function Overview() {
  const { workspace } = useSession();
  return <Title3 as="h1">{workspace?.name ?? "No workspace"}</Title3>;
}
