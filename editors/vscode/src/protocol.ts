// Generated from the method table of pi-server; `make generate` writes it anew.

export const PROTOCOL_VERSION = 1;

export type ErrorCode = "login_required" | "login_expired" | "login_denied" | "attempt_expired" | "attempt_ended" | "unknown_attempt" | "unknown_provider" | "unknown_chat" | "duplicate_turn" | "state_mismatch" | "invalid_code" | "credential_not_permitted" | "store_busy" | "store_unreadable" | "rate_limited" | "overloaded" | "quota_exceeded" | "context_overflow" | "model_not_found" | "model_not_enabled" | "model_disabled" | "content_filtered" | "client_outdated" | "provider_unreachable" | "provider_error" | "stream_broken" | "invalid_request" | "invalid_params" | "parse_error" | "malformed_message" | "unknown_method" | "not_initialized" | "unsupported" | "storage_failed" | "cancelled" | "shutting_down" | "internal";

export interface ApproveOption {
  id: string;
  label: string;
  kind: "allowOnce" | "allowAlways" | "rejectOnce" | "rejectAlways";
}

export interface ApproveParams {
  chatId: string;
  turnId: string;
  toolCallId: string;
  tool: string;
  title: string;
  input: Record<string, unknown>;
  diff?: string;
  options: Array<ApproveOption>;
}

export interface ApproveResult {
  optionId: string;
}

export interface AuthChangedParams {
  provider: string;
  status: ProviderStatus;
}

export type Block = TextBlock | ReasoningBlock | ImageBlock | ToolCallBlock | ToolResultBlock;

export interface BrowserStep {
  type: "browser";
  url: string;
  instructions: string;
  input?: CodeInput;
}

export interface Chat {
  chatId: string;
  title: string;
  cwd: string | null;
  model: string | null;
  messageCount: number;
  createdAt: number;
  updatedAt: number;
}

export interface ChatChanged {
  chat: Chat;
}

export interface ChatDeleteResult {
  deleted: boolean;
}

export interface ChatEventParams {
  chatId: string;
  turnId: string;
  /** From 0 for each turn, without a gap */
  seq: number;
  event: TurnEvent;
}

export interface ChatForkParams {
  chatId: string;
  afterMessageId?: string;
}

export interface ChatIdParams {
  chatId: string;
}

export interface ChatListParams {
  cwd?: string;
  cursor?: string;
  limit?: number;
}

export interface ChatListResult {
  chats: Array<Chat>;
  nextCursor: string | null;
}

export interface ChatParams {
  /** May be empty when something is attached, or when `messages` ends with results of tools */
  prompt: string;
  turnId?: string;
  chatId?: string;
  model?: string;
  context?: Array<ContextItem>;
  images?: Array<ImageInput>;
  system?: string;
  /** One of the model's `reasoningLevels` */
  reasoning?: string;
  maxOutputTokens?: number;
  tools?: Array<string> | boolean;
  /** Offered to the model beside the server's; a turn in which one is called ends with `toolUse` */
  clientTools?: Array<ClientTool>;
  /** `required`: the model must call one of `clientTools` */
  toolChoice?: "auto" | "required";
  approval?: "readOnly" | "ask" | "auto";
  cwd?: string;
  messages?: Array<Message>;
  ephemeral?: boolean;
}

export interface ChatReadParams {
  chatId: string;
  cursor?: string;
  limit?: number;
}

export interface ChatReadResult {
  chat: Chat;
  messages: Array<Message>;
  nextCursor: string | null;
}

export interface ChatRenameParams {
  chatId: string;
  title: string;
}

export interface ChatResult {
  chatId: string;
  turnId: string;
  message: Message;
  usage: Usage;
  stopReason: "endTurn" | "maxTokens" | "toolUse" | "refusal" | "cancelled" | "error";
  model: string;
}

export interface ClientTool {
  name: string;
  description: string;
  /** JSON Schema of an object */
  inputSchema: Record<string, unknown>;
}

export interface CodeInput {
  label: string;
  placeholder: string;
  secret: true;
}

export interface Compacted {
  type: "compacted";
  summary: string;
  tokensBefore: number;
  tokensAfter: number;
}

export interface ContextItem {
  uri: string;
  range?: Range;
  text?: string;
  label?: string;
}

export interface DeviceCodeStep {
  type: "deviceCode";
  verificationUri: string;
  userCode: string;
  intervalMs: number;
  instructions: string;
}

export interface Ended {
  type: "ended";
  stopReason: "endTurn" | "maxTokens" | "toolUse" | "refusal" | "cancelled" | "error";
  message: Message;
  usage: Usage;
  error?: Failure;
}

export interface ErrorData {
  code: string;
  message: string;
  retryable: boolean;
  provider?: string;
  retryAfterMs?: number;
  action?: "login" | "use_api_key" | "retry" | "choose_model";
  providerMessage?: string;
  providerRequestId?: string;
}

export interface Failure {
  code: string;
  message: string;
  retryable: boolean;
  provider?: string;
  retryAfterMs?: number;
  action?: string;
  providerMessage?: string;
  providerRequestId?: string;
}

export interface HealthResult {
  version: string;
  protocolVersion: number;
  pid: number;
  uptimeMs: number;
  rssBytes: number;
  agentDir: string;
  logFile: string | null;
  providers: Array<Provider>;
  openChats: number;
  python: string;
}

export interface ImageBlock {
  type: "image";
  mimeType: string;
  /** base64 */
  data: string;
}

export interface ImageInput {
  mimeType: string;
  /** base64 */
  data: string;
}

export interface LoginAttempt {
  loginId: string;
  provider: string;
  state: "awaitingCode" | "awaitingBrowser" | "polling" | "succeeded" | "failed" | "cancelled" | "expired" | "superseded";
  /** Unix milliseconds */
  expiresAt: number;
  step: LoginStep | null;
  error?: LoginError;
  account?: string;
}

export interface LoginError {
  code: string;
  message: string;
  action?: string;
}

export interface LoginIdParams {
  loginId: string;
}

export interface LoginMethod {
  id: string;
  label: string;
}

export interface LoginStartParams {
  provider: string;
  method?: string;
  enterpriseDomain?: string;
  apiKey?: string;
}

export type LoginStep = PasteCodeStep | BrowserStep | DeviceCodeStep;

export interface LoginSubmitParams {
  loginId: string;
  code: string;
}

export interface LoginUpdatedParams {
  attempt: LoginAttempt;
}

export interface LogoutResult {
  removed: boolean;
  /** `env:NAME` that still authenticates */
  stillAvailableFrom: string | null;
}

export interface Message {
  id: string;
  role: "user" | "assistant" | "tool";
  content: Array<Block>;
  /** Unix milliseconds */
  createdAt: number;
  model?: string;
  stopReason?: "endTurn" | "maxTokens" | "toolUse" | "refusal" | "cancelled" | "error";
  usage?: Usage;
}

export interface Model {
  /** `provider/model` */
  id: string;
  provider: string;
  name: string;
  /** Tokens */
  contextWindow: number;
  maxOutputTokens: number;
  input: Array<"text" | "image">;
  reasoning: boolean;
  reasoningLevels: Array<string>;
  tools: boolean;
  price: Price | null;
  available: boolean;
  unavailableReason: Problem | null;
  /** The wire it speaks, such as `anthropic-messages` */
  api: string;
  /** How many requests of the plan one request counts as, where the provider says so */
  multiplier?: number;
  /** Where the provider wants its terms accepted, or an organisation decides */
  policy?: Policy;
}

export interface ModelEnableParams {
  /** `provider/id`; the person has seen and accepted its `policy.terms` */
  model: string;
}

export interface ModelEnableResult {
  model: Model;
}

export interface ModelsChangedParams {
  provider: string;
}

export interface ModelsParams {
  provider?: string;
  refresh?: boolean;
  cursor?: string;
  limit?: number;
}

export interface ModelsResult {
  models: Array<Model>;
  defaultModel: string | null;
  nextCursor: string | null;
  stale: boolean;
}

export interface NoParams {
}

export interface PasteCodeStep {
  type: "pasteCode";
  url: string;
  instructions: string;
  input: CodeInput;
}

export interface Policy {
  state: "enabled" | "disabled" | "unconfigured";
  terms?: string;
}

export interface Position {
  line: number;
  character: number;
}

export interface Price {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

export interface Problem {
  code: string;
  message: string;
}

export interface Provider {
  id: string;
  name: string;
  loginMethods: Array<LoginMethod>;
  status: ProviderStatus;
}

export interface ProviderParams {
  provider: string;
}

export interface ProviderStatus {
  state: "ready" | "loggedOut" | "expired" | "error";
  /** `oauth`, `apiKey` or `env:NAME` */
  source: string | null;
  account: string | null;
  /** Unix milliseconds, true expiry */
  expiresAt: number | null;
  /** `env:NAME` that would authenticate if the stored login were removed */
  fallback: string | null;
  problem: Problem | null;
}

export interface ProvidersResult {
  providers: Array<Provider>;
}

export interface Range {
  start: Position;
  end: Position;
}

export interface ReasoningBlock {
  type: "reasoning";
  text: string;
}

export interface ReasoningDelta {
  type: "reasoning";
  delta: string;
}

export interface Retry {
  type: "retry";
  attempt: number;
  maxAttempts: number;
  delayMs: number;
  error: Problem;
}

export interface Started {
  type: "started";
  model: string;
  credentialSource: string;
}

export interface TextBlock {
  type: "text";
  text: string;
}

export interface TextDelta {
  type: "text";
  delta: string;
}

export interface ToolCall {
  type: "toolCall";
  id: string;
  name: string;
  input: Record<string, unknown>;
  title: string;
}

export interface ToolCallBlock {
  type: "toolCall";
  id: string;
  name: string;
  input: Record<string, unknown>;
}

export interface ToolOutput {
  type: "toolOutput";
  id: string;
  delta: string;
}

export interface ToolResult {
  type: "toolResult";
  id: string;
  isError: boolean;
  content: Array<TextBlock | ImageBlock>;
  diff?: string;
}

export interface ToolResultBlock {
  type: "toolResult";
  toolCallId: string;
  isError: boolean;
  content: Array<TextBlock | ImageBlock>;
}

export type TurnEvent = Started | TextDelta | ReasoningDelta | ToolCall | ToolOutput | ToolResult | Retry | UsageReport | Compacted | Ended;

export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
  costUsd: number | null;
}

export interface UsageReport {
  type: "usage";
  usage: Usage;
}

export interface ClientRequests {
  "pi/providers": { params: NoParams; result: ProvidersResult };
  "pi/login/start": { params: LoginStartParams; result: LoginAttempt };
  "pi/login/submit": { params: LoginSubmitParams; result: LoginAttempt };
  "pi/login/wait": { params: LoginIdParams; result: LoginAttempt };
  "pi/login/cancel": { params: LoginIdParams; result: LoginAttempt };
  "pi/logout": { params: ProviderParams; result: LogoutResult };
  "pi/models": { params: ModelsParams; result: ModelsResult };
  "pi/models/enable": { params: ModelEnableParams; result: ModelEnableResult };
  "pi/chat": { params: ChatParams; result: ChatResult };
  "pi/chat/list": { params: ChatListParams; result: ChatListResult };
  "pi/chat/read": { params: ChatReadParams; result: ChatReadResult };
  "pi/chat/rename": { params: ChatRenameParams; result: ChatChanged };
  "pi/chat/fork": { params: ChatForkParams; result: ChatChanged };
  "pi/chat/delete": { params: ChatIdParams; result: ChatDeleteResult };
  "pi/health": { params: NoParams; result: HealthResult };
}

export interface ServerNotifications {
  "pi/chat/event": { params: ChatEventParams; result: null };
  "pi/login/updated": { params: LoginUpdatedParams; result: null };
  "pi/auth/changed": { params: AuthChangedParams; result: null };
  "pi/models/changed": { params: ModelsChangedParams; result: null };
}

export interface ServerRequests {
  "pi/approve": { params: ApproveParams; result: ApproveResult };
}
