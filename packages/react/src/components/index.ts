/**
 * Components for Headway runs; their sheet is `@headway-run/react/styles.css`.
 *
 * @packageDocumentation
 */

export { Badge, type BadgeProps } from "./Badge.tsx";
export { CommandButton, type CommandButtonProps } from "./CommandButton.tsx";
export { ConnectionPill, type ConnectionPillProps } from "./ConnectionPill.tsx";
export { type ConnectionRecord, DiagnosticsDialog, type DiagnosticsDialogProps } from "./DiagnosticsDialog.tsx";
export { Icon, type IconProps } from "./Icon.tsx";
export { ItemCard, type ItemCardProps } from "./ItemCard.tsx";
export { OutputText, type OutputTextProps } from "./OutputText.tsx";
export { PhaseStepper, type PhaseStepperProps } from "./PhaseStepper.tsx";
export { Problem, type ProblemProps } from "./Problem.tsx";
export { ProgressBar, type ProgressBarProps } from "./ProgressBar.tsx";
export { RunAnnouncer, type RunAnnouncerProps } from "./RunAnnouncer.tsx";
export { RunBanner, type RunBannerProps } from "./RunBanner.tsx";
