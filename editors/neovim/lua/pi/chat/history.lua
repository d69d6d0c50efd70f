-- Kept chats: the list of them, and reading one. In: `pi/chat/list`, `pi/chat/read`. Out: a chat in a window.
-- Never here: how it is drawn.

local choose = require('pi.choose')
local failure = require('pi.failure')
local format = require('pi.format')
local server = require('pi.server')

local M = {}

local function line(chat)
  local title = vim.fn.strcharpart(chat.title, 0, 48)
  return ('%s  (%d messages, %s)'):format(title, chat.messageCount, format.ago(format.now(), chat.updatedAt))
end

local function read(chat, cursor, messages)
  server.request('pi/chat/read', { chatId = chat.chatId, cursor = cursor }, function(err, page)
    if err then
      return failure.show(err)
    end
    vim.list_extend(messages, page.messages)
    if page.nextCursor then
      return read(chat, page.nextCursor, messages)
    end
    require('pi.chat').restore(page.chat, messages)
  end)
end

---@param chat pi.Chat
function M.open(chat)
  if require('pi.chat').show_open(chat.chatId) then
    return
  end
  -- Answers are headed with the names of models.
  require('pi.models').fetch(function() read(chat, nil, {}) end)
end

-- Pick one of those that were begun in this folder; with `everywhere`, of all.
---@param everywhere? boolean
function M.pick(everywhere)
  local params = { cwd = not everywhere and vim.uv.cwd() or nil, limit = 100 }
  server.request('pi/chat/list', params, function(err, page)
    if err then
      return failure.show(err)
    elseif #page.chats == 0 then
      return vim.notify(everywhere and 'pi: No chats yet' or 'pi: No chats in this folder; :Pi! chats lists all')
    end
    choose(page.chats, { prompt = 'Chats', kind = 'pi_chat', format_item = line }, function(chat)
      if chat then
        M.open(chat)
      end
    end)
  end)
end

return M
