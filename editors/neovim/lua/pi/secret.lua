-- A prompt for a code or a key: concealed, in no history, whole however many lines a paste brings.
-- In: a title, what to show above, what to do with the text. Out: the text, once for every <CR>.
-- Never here: the text anywhere else: no undo, no swap file, no register, no log.

local browser = require('pi.browser')
local float = require('pi.float')

local M = {}

---@class pi.SecretSpec
---@field title string
---@field label string
---@field lines string[] What stands above the input
---@field url? string
---@field on_submit fun(text: string)
---@field on_cancel fun()

---@class pi.Secret
---@field fail fun(reason: string) Keep it open, say why, and take another
---@field close fun()

local WITH_URL = '<CR> send · o open · y copy · s show whole · i type · <Esc> cancel'
local WIDTH = 76
local PLAIN = '<CR> send · <Esc> cancel'

-- What was deleted or yanked here stays here.
local function forget_registers(buf)
  vim.api.nvim_create_autocmd('TextYankPost', {
    buffer = buf,
    callback = function()
      local taken = table.concat(vim.v.event.regcontents, '\n')
      for _, register in ipairs({ '"', '-', '0', '1', vim.v.event.regname }) do
        if register ~= '' and vim.trim(vim.fn.getreg(register)) == vim.trim(taken) then
          vim.fn.setreg(register, '')
        end
      end
    end,
  })
end

-- Every character is drawn as a dot, by syntax and so without a moment in between.
local function conceal(win, buf)
  vim.wo[win].conceallevel, vim.wo[win].concealcursor = 2, 'nvic'
  vim.wo[win].list = false
  vim.bo[buf].synmaxcol, vim.bo[buf].undolevels, vim.bo[buf].modifiable = 0, -1, true
  vim.bo[buf].textwidth, vim.bo[buf].filetype = 0, 'pi-secret'
  vim.api.nvim_buf_call(
    buf,
    function() vim.cmd([[syntax clear | syntax match PiSecret /./ conceal cchar=•]]) end
  )
end

local function text_of(buf) return table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\n') end

-- How much has arrived, since it cannot be seen.
local function follow_count(buf, say)
  local function count()
    local length = vim.api.nvim_buf_is_valid(buf) and vim.fn.strchars((text_of(buf):gsub('%s', ''))) or 0
    if length > 0 then
      say(('%d characters; <CR> sends them'):format(length))
    end
  end
  vim.api.nvim_buf_attach(buf, false, { on_lines = function() vim.schedule(count) end })
end

-- The lines above the input; the last two are for what there is to say, so that nothing moves when it is said.
local function header_lines(spec, said)
  local width = math.min(WIDTH, vim.o.columns - 4)
  local lines = {}
  for _, line in ipairs(spec.lines) do
    vim.list_extend(lines, float.wrapped(line, width))
  end
  if spec.url then
    vim.list_extend(lines, { '', spec.url })
  end
  local sentences, said_row = float.wrapped(said or '', width), #lines
  return vim.list_extend(lines, { sentences[1], table.concat(sentences, ' ', 2) }), said_row
end

local function open_header(spec)
  local lines, said_row = header_lines(spec)
  local header = float.open({ title = spec.title, lines = lines, offset = -2, enter = false, width = WIDTH })
  local function say(text, group)
    header.set((header_lines(spec, text)))
    if spec.url then
      header.highlight(said_row - 1, 'PiUrl')
    end
    header.highlight(said_row, group or 'PiHint')
    header.highlight(said_row + 1, group or 'PiHint')
  end
  say('')
  return header, say
end

-- Right below the header, wherever that stands.
local function open_input(spec, header, keys, on_close)
  local function place()
    local above = vim.api.nvim_win_get_config(header.win)
    return { row = above.row + above.height + 2, col = above.col, width = above.width, height = 1 }
  end
  local footer = spec.url and WITH_URL or PLAIN
  local input = float.open({
    title = spec.label,
    lines = { '' },
    footer = footer,
    place = place,
    keys = keys,
    on_close = on_close,
  })
  conceal(input.win, input.buf)
  forget_registers(input.buf)
  return input
end

local function url_keys(url, say)
  local function open()
    say(browser.open(url) and 'Opened in the browser' or 'No browser could be started; y copies')
  end
  local function copy()
    local how = browser.copy(url)
    say(how and ('Copied to ' .. how) or 'There is no clipboard; s shows the address whole')
  end
  return { { 'n o', open }, { 'n y', copy }, { 'n s', function() require('pi.address').show(url) end } }
end

---@param spec pi.SecretSpec
---@return pi.Secret
function M.open(spec)
  local header, say = open_header(spec)
  local input, over
  local function close()
    over = true
    vim.cmd.stopinsert()
    header.close()
    input.close()
  end
  local function cancel()
    if not over then
      close()
      spec.on_cancel()
    end
  end
  local function submit()
    local text = text_of(input.buf)
    vim.cmd.stopinsert()
    if vim.trim(text) == '' then
      return say('Nothing was pasted yet')
    end
    say('One moment …')
    spec.on_submit(text)
  end
  local function leave_insert()
    if text_of(input.buf) == '' then
      return cancel()
    end
    vim.cmd.stopinsert()
  end
  local keys = {
    { 'n q', cancel },
    { 'n <Esc>', cancel },
    { 'n <C-c>', cancel },
    { 'n <CR>', submit },
    { 'i <CR>', submit },
    { 'i <Esc>', leave_insert },
    { 'i <C-c>', cancel },
  }
  vim.list_extend(keys, spec.url and url_keys(spec.url, say) or {})
  input = open_input(spec, header, keys, cancel)
  follow_count(input.buf, say)
  if not spec.url then
    vim.cmd.startinsert()
  end
  local function fail(reason)
    if not over then
      vim.api.nvim_buf_set_lines(input.buf, 0, -1, false, { '' })
      say(reason, 'PiError')
    end
  end
  return { close = close, fail = fail }
end

return M
