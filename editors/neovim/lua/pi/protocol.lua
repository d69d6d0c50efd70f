---@meta
-- Generated from the method table of pi-server; `make generate` writes it anew.

---@alias pi.ErrorCode
---| "login_required"
---| "login_expired"
---| "login_denied"
---| "attempt_expired"
---| "attempt_ended"
---| "unknown_attempt"
---| "unknown_provider"
---| "unknown_chat"
---| "duplicate_turn"
---| "state_mismatch"
---| "invalid_code"
---| "credential_not_permitted"
---| "store_busy"
---| "store_unreadable"
---| "rate_limited"
---| "overloaded"
---| "quota_exceeded"
---| "context_overflow"
---| "model_not_found"
---| "model_not_enabled"
---| "model_disabled"
---| "content_filtered"
---| "client_outdated"
---| "provider_unreachable"
---| "provider_error"
---| "stream_broken"
---| "invalid_request"
---| "invalid_params"
---| "parse_error"
---| "malformed_message"
---| "unknown_method"
---| "not_initialized"
---| "unsupported"
---| "storage_failed"
---| "cancelled"
---| "shutting_down"
---| "internal"

---@class pi.ApproveOption
---@field id string
---@field label string
---@field kind "allowOnce"|"allowAlways"|"rejectOnce"|"rejectAlways"

---@class pi.ApproveParams
---@field chatId string
---@field turnId string
---@field toolCallId string
---@field tool string
---@field title string
---@field input table<string, any>
---@field diff? string
---@field options (pi.ApproveOption)[]

---@class pi.ApproveResult
---@field optionId string

---@class pi.AuthChangedParams
---@field provider string
---@field status pi.ProviderStatus

---@alias pi.Block pi.TextBlock|pi.ReasoningBlock|pi.ImageBlock|pi.ToolCallBlock|pi.ToolResultBlock

---@class pi.BrowserStep
---@field type "browser"
---@field url string
---@field instructions string
---@field input? pi.CodeInput

---@class pi.Chat
---@field chatId string
---@field title string
---@field cwd string|nil
---@field model string|nil
---@field messageCount integer
---@field createdAt integer
---@field updatedAt integer

---@class pi.ChatChanged
---@field chat pi.Chat

---@class pi.ChatDeleteResult
---@field deleted boolean

---@class pi.ChatEventParams
---@field chatId string
---@field turnId string
---@field seq integer From 0 for each turn, without a gap
---@field event pi.TurnEvent

---@class pi.ChatForkParams
---@field chatId string
---@field afterMessageId? string

---@class pi.ChatIdParams
---@field chatId string

---@class pi.ChatListParams
---@field cwd? string
---@field cursor? string
---@field limit? integer

---@class pi.ChatListResult
---@field chats (pi.Chat)[]
---@field nextCursor string|nil

---@class pi.ChatParams
---@field prompt string May be empty when something is attached, or when `messages` ends with results of tools
---@field turnId? string
---@field chatId? string
---@field model? string
---@field context? (pi.ContextItem)[]
---@field images? (pi.ImageInput)[]
---@field system? string
---@field reasoning? string One of the model's `reasoningLevels`
---@field maxOutputTokens? integer
---@field tools? (string)[]|boolean
---@field clientTools? (pi.ClientTool)[] Offered to the model beside the server's; a turn in which one is called ends with `toolUse`
---@field toolChoice? "auto"|"required" `required`: the model must call one of `clientTools`
---@field approval? "readOnly"|"ask"|"auto"
---@field cwd? string
---@field messages? (pi.Message)[]
---@field ephemeral? boolean

---@class pi.ChatReadParams
---@field chatId string
---@field cursor? string
---@field limit? integer

---@class pi.ChatReadResult
---@field chat pi.Chat
---@field messages (pi.Message)[]
---@field nextCursor string|nil

---@class pi.ChatRenameParams
---@field chatId string
---@field title string

---@class pi.ChatResult
---@field chatId string
---@field turnId string
---@field message pi.Message
---@field usage pi.Usage
---@field stopReason "endTurn"|"maxTokens"|"toolUse"|"refusal"|"cancelled"|"error"
---@field model string

---@class pi.ClientTool
---@field name string
---@field description string
---@field inputSchema table<string, any> JSON Schema of an object

---@class pi.CodeInput
---@field label string
---@field placeholder string
---@field secret true

---@class pi.Compacted
---@field type "compacted"
---@field summary string
---@field tokensBefore integer
---@field tokensAfter integer

---@class pi.ContextItem
---@field uri string
---@field range? pi.Range
---@field text? string
---@field label? string

---@class pi.DeviceCodeStep
---@field type "deviceCode"
---@field verificationUri string
---@field userCode string
---@field intervalMs integer
---@field instructions string

---@class pi.Ended
---@field type "ended"
---@field stopReason "endTurn"|"maxTokens"|"toolUse"|"refusal"|"cancelled"|"error"
---@field message pi.Message
---@field usage pi.Usage
---@field error? pi.Failure

---@class pi.ErrorData
---@field code string
---@field message string
---@field retryable boolean
---@field provider? string
---@field retryAfterMs? integer
---@field action? "login"|"use_api_key"|"retry"|"choose_model"
---@field providerMessage? string
---@field providerRequestId? string

---@class pi.Failure
---@field code string
---@field message string
---@field retryable boolean
---@field provider? string
---@field retryAfterMs? integer
---@field action? string
---@field providerMessage? string
---@field providerRequestId? string

---@class pi.HealthResult
---@field version string
---@field protocolVersion integer
---@field pid integer
---@field uptimeMs integer
---@field rssBytes integer
---@field agentDir string
---@field logFile string|nil
---@field providers (pi.Provider)[]
---@field openChats integer
---@field python string

---@class pi.ImageBlock
---@field type "image"
---@field mimeType string
---@field data string base64

---@class pi.ImageInput
---@field mimeType string
---@field data string base64

---@class pi.LoginAttempt
---@field loginId string
---@field provider string
---@field state "awaitingCode"|"awaitingBrowser"|"polling"|"succeeded"|"failed"|"cancelled"|"expired"|"superseded"
---@field expiresAt integer Unix milliseconds
---@field step pi.LoginStep|nil
---@field error? pi.LoginError
---@field account? string

---@class pi.LoginError
---@field code string
---@field message string
---@field action? string

---@class pi.LoginIdParams
---@field loginId string

---@class pi.LoginMethod
---@field id string
---@field label string

---@class pi.LoginStartParams
---@field provider string
---@field method? string
---@field enterpriseDomain? string
---@field apiKey? string

---@alias pi.LoginStep pi.PasteCodeStep|pi.BrowserStep|pi.DeviceCodeStep

---@class pi.LoginSubmitParams
---@field loginId string
---@field code string

---@class pi.LoginUpdatedParams
---@field attempt pi.LoginAttempt

---@class pi.LogoutResult
---@field removed boolean
---@field stillAvailableFrom string|nil `env:NAME` that still authenticates

---@class pi.Message
---@field id string
---@field role "user"|"assistant"|"tool"
---@field content (pi.Block)[]
---@field createdAt integer Unix milliseconds
---@field model? string
---@field stopReason? "endTurn"|"maxTokens"|"toolUse"|"refusal"|"cancelled"|"error"
---@field usage? pi.Usage

---@class pi.Model
---@field id string `provider/model`
---@field provider string
---@field name string
---@field contextWindow integer Tokens
---@field maxOutputTokens integer
---@field input ("text"|"image")[]
---@field reasoning boolean
---@field reasoningLevels (string)[]
---@field tools boolean
---@field price pi.Price|nil
---@field available boolean
---@field unavailableReason pi.Problem|nil
---@field api string The wire it speaks, such as `anthropic-messages`
---@field multiplier? number How many requests of the plan one request counts as, where the provider says so
---@field policy? pi.Policy Where the provider wants its terms accepted, or an organisation decides

---@class pi.ModelEnableParams
---@field model string `provider/id`; the person has seen and accepted its `policy.terms`

---@class pi.ModelEnableResult
---@field model pi.Model

---@class pi.ModelsChangedParams
---@field provider string

---@class pi.ModelsParams
---@field provider? string
---@field refresh? boolean
---@field cursor? string
---@field limit? integer

---@class pi.ModelsResult
---@field models (pi.Model)[]
---@field defaultModel string|nil
---@field nextCursor string|nil
---@field stale boolean

---@class pi.NoParams

---@class pi.PasteCodeStep
---@field type "pasteCode"
---@field url string
---@field instructions string
---@field input pi.CodeInput

---@class pi.Policy
---@field state "enabled"|"disabled"|"unconfigured"
---@field terms? string

---@class pi.Position
---@field line integer
---@field character integer

---@class pi.Price
---@field input number
---@field output number
---@field cacheRead number
---@field cacheWrite number

---@class pi.Problem
---@field code string
---@field message string

---@class pi.Provider
---@field id string
---@field name string
---@field loginMethods (pi.LoginMethod)[]
---@field status pi.ProviderStatus

---@class pi.ProviderParams
---@field provider string

---@class pi.ProviderStatus
---@field state "ready"|"loggedOut"|"expired"|"error"
---@field source string|nil `oauth`, `apiKey` or `env:NAME`
---@field account string|nil
---@field expiresAt integer|nil Unix milliseconds, true expiry
---@field fallback string|nil `env:NAME` that would authenticate if the stored login were removed
---@field problem pi.Problem|nil

---@class pi.ProvidersResult
---@field providers (pi.Provider)[]

---@class pi.Range
---@field start pi.Position
---@field end pi.Position

---@class pi.ReasoningBlock
---@field type "reasoning"
---@field text string

---@class pi.ReasoningDelta
---@field type "reasoning"
---@field delta string

---@class pi.Retry
---@field type "retry"
---@field attempt integer
---@field maxAttempts integer
---@field delayMs integer
---@field error pi.Problem

---@class pi.Started
---@field type "started"
---@field model string
---@field credentialSource string

---@class pi.TextBlock
---@field type "text"
---@field text string

---@class pi.TextDelta
---@field type "text"
---@field delta string

---@class pi.ToolCall
---@field type "toolCall"
---@field id string
---@field name string
---@field input table<string, any>
---@field title string

---@class pi.ToolCallBlock
---@field type "toolCall"
---@field id string
---@field name string
---@field input table<string, any>

---@class pi.ToolOutput
---@field type "toolOutput"
---@field id string
---@field delta string

---@class pi.ToolResult
---@field type "toolResult"
---@field id string
---@field isError boolean
---@field content (pi.TextBlock|pi.ImageBlock)[]
---@field diff? string

---@class pi.ToolResultBlock
---@field type "toolResult"
---@field toolCallId string
---@field isError boolean
---@field content (pi.TextBlock|pi.ImageBlock)[]

---@alias pi.TurnEvent pi.Started|pi.TextDelta|pi.ReasoningDelta|pi.ToolCall|pi.ToolOutput|pi.ToolResult|pi.Retry|pi.UsageReport|pi.Compacted|pi.Ended

---@class pi.Usage
---@field inputTokens integer
---@field outputTokens integer
---@field cacheReadTokens integer
---@field cacheWriteTokens integer
---@field reasoningTokens integer
---@field costUsd number|nil

---@class pi.UsageReport
---@field type "usage"
---@field usage pi.Usage
