-- What happened, told to the parts of the plugin that asked for it, and to the user's autocommands.
-- In: a name and its data. Out: calls in the order of `on`. Never here: what follows from an event.

local M = {}

---@type table<string, (fun(data: any))[]>
local listeners = {}

-- Hear of every such event from now on. Returns a function that ends that.
---@param name string
---@param listener fun(data: any)
---@return fun()
function M.on(name, listener)
  listeners[name] = listeners[name] or {}
  table.insert(listeners[name], listener)
  return function()
    listeners[name] = vim.tbl_filter(function(one) return one ~= listener end, listeners[name])
  end
end

---@param name string
---@param data any
function M.emit(name, data)
  for _, listener in ipairs(vim.list_extend({}, listeners[name] or {})) do
    listener(data)
  end
end

-- `User` autocommands: `vim.api.nvim_create_autocmd("User", { pattern = "PiTurnEnded", … })`.
---@param pattern string
---@param data table
function M.announce(pattern, data)
  vim.api.nvim_exec_autocmds('User', { pattern = pattern, modeline = false, data = data })
end

return M
