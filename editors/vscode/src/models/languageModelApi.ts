// VS Code's API for those who bring language models, as far as it is used here: it came with 1.104, later than the
// oldest version that this extension runs in. Types, and the one place that asks whether it is there.
// https://code.visualstudio.com/api/extension-guides/ai/language-model-chat-provider
import * as vscode from 'vscode';

export interface ModelInformation {
  readonly id: string;
  readonly name: string;
  readonly family: string;
  readonly version: string;
  readonly detail?: string;
  readonly tooltip?: string;
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  readonly capabilities: { readonly imageInput?: boolean; readonly toolCalling?: boolean | number };
}

export interface RequestMessage {
  /** 1 is the user, 2 the assistant, 3 (where an extension may use it) the system */
  readonly role: number;
  readonly content: readonly unknown[];
}

export interface RequestOptions {
  readonly modelOptions?: Readonly<Record<string, unknown>>;
  readonly tools?: readonly {
    readonly name: string;
    readonly description: string;
    readonly inputSchema?: object;
  }[];
  /** Who asks: the id of an extension. VS Code passes it on, though its stable types do not name it. */
  readonly requestInitiator?: string;
  /** 1: the model may call a tool, 2: it must */
  readonly toolMode?: number;
}

export interface ModelProvider {
  readonly onDidChangeLanguageModelChatInformation: vscode.Event<void>;
  provideLanguageModelChatInformation(options: { readonly silent: boolean }): Promise<ModelInformation[]>;
  provideLanguageModelChatResponse(
    model: ModelInformation,
    messages: readonly RequestMessage[],
    options: RequestOptions,
    progress: vscode.Progress<object>,
    token: vscode.CancellationToken,
  ): Promise<void>;
  provideTokenCount(model: ModelInformation, text: string | RequestMessage): Promise<number>;
}

interface LanguageModels {
  readonly register: (vendor: string, provider: ModelProvider) => vscode.Disposable;
  readonly TextPart: new (value: string) => object;
  readonly ToolCallPart: new (callId: string, name: string, input: object) => object;
}

/** undefined in a VS Code that is too old, or in one that was built without it. */
export function languageModelApi(): LanguageModels | undefined {
  const { lm, LanguageModelTextPart, LanguageModelToolCallPart } = vscode as unknown as {
    readonly lm?: { readonly registerLanguageModelChatProvider?: unknown };
    readonly LanguageModelTextPart?: unknown;
    readonly LanguageModelToolCallPart?: unknown;
  };
  const register = lm?.registerLanguageModelChatProvider;
  const parts = [LanguageModelTextPart, LanguageModelToolCallPart];
  if (typeof register !== 'function' || parts.some((part) => typeof part !== 'function')) return undefined;
  return {
    register: register as LanguageModels['register'],
    TextPart: LanguageModelTextPart as LanguageModels['TextPart'],
    ToolCallPart: LanguageModelToolCallPart as LanguageModels['ToolCallPart'],
  };
}
