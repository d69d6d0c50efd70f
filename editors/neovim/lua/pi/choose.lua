-- `vim.ui.select`, on a clean screen: Neovim's own would write one question on the line of the last answer.
-- In: what `vim.ui.select` takes. Out: the item, or nil. Never here: a picker of our own.

---@param items any[]
---@param options { prompt: string, kind: string, format_item?: fun(item: any): string }
---@param on_choice fun(item: any|nil)
return function(items, options, on_choice)
  vim.cmd.redraw()
  vim.ui.select(items, options, on_choice)
end
