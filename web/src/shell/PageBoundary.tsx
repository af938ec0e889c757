/** What stands in place of a page that broke: the frame around it goes on. */
import { Button } from "@fluentui/react-components";
import { Component } from "react";
import type { ReactNode } from "react";
import { EmptyState } from "../parts/notices";

interface Props {
  /** Another place is another page, which may well work. */
  place: string;
  children: ReactNode;
}
interface State {
  problem: Error | undefined;
  place: string;
}

export class PageBoundary extends Component<Props, State> {
  override state: State = { problem: undefined, place: this.props.place };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { problem: error instanceof Error ? error : new Error(String(error)) };
  }
  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.place === state.place ? null : { place: props.place, problem: undefined };
  }

  override render(): ReactNode {
    if (this.state.problem === undefined) return this.props.children;
    return (
      <EmptyState
        title="This page broke"
        action={<Button onClick={() => window.location.reload()}>Load it again</Button>}
      >
        Nothing on the server has changed by it. If it happens again, tell whoever runs this server:{" "}
        {this.state.problem.message}
      </EmptyState>
    );
  }
}
