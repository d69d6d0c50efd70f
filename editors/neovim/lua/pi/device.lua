-- A code to type into a page elsewhere, with the time that is left.
-- In: a `deviceCode` step and when it ends. Out: `on_cancel` when the person gives up.
-- Never here: polling; the server does that, and whoever opened this closes it.

local browser = require('pi.browser')
local float = require('pi.float')
local format = require('pi.format')

local M = {}

local FOOTER = 'o open · y copy code · Y copy address · q cancel'

local function lines_of(step, expires_at, said)
  local left = format.countdown(expires_at - format.now())
  local lines = float.wrapped(step.instructions, math.min(64, vim.o.columns - 4))
  return vim.list_extend(lines, {
    '',
    '  ' .. step.verificationUri,
    '',
    '  ' .. step.userCode,
    '',
    'Waiting for you there; ' .. left .. ' left',
    said,
  })
end

---@param title string
---@param attempt pi.LoginAttempt With a `deviceCode` step
---@param on_cancel fun()
---@return { close: fun() }
function M.open(title, attempt, on_cancel)
  local step = attempt.step --[[@as pi.DeviceCodeStep]]
  local timer = assert(vim.uv.new_timer())
  local window, over
  local said = ''
  local function draw()
    local lines = lines_of(step, attempt.expiresAt, said)
    window.set(lines)
    window.highlight(#lines - 6, 'PiUrl')
    window.highlight(#lines - 4, 'PiCode')
    window.highlight(#lines - 1, 'PiHint')
  end
  local function close()
    over = true
    if not timer:is_closing() then
      timer:close()
    end
    window.close()
  end
  local function cancel()
    if not over then
      close()
      on_cancel()
    end
  end
  local function say(text)
    said = text
    draw()
  end
  local function copy(text, name)
    local how = browser.copy(text)
    say(how and ('%s copied to %s'):format(name, how) or 'There is no clipboard; type it')
  end
  window = float.open({
    title = title,
    lines = lines_of(step, attempt.expiresAt, said),
    footer = FOOTER,
    on_close = cancel,
    keys = {
      { 'n q', cancel },
      { 'n <Esc>', cancel },
      { 'n <C-c>', cancel },
      { 'n y', function() copy(step.userCode, 'The code was') end },
      { 'n Y', function() copy(step.verificationUri, 'The address was') end },
      {
        'n o',
        function() say(browser.open(step.verificationUri) and 'Opened in the browser' or 'No browser here') end,
      },
    },
  })
  draw()
  timer:start(1000, 1000, vim.schedule_wrap(function() return over or draw() end))
  return { close = close }
end

return M
