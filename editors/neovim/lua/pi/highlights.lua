-- The highlight groups.
-- In: nothing. Out: a link for each to a group of the colour scheme. Never here: a colour, what cannot be overridden.

local M = {}

local links = {
  PiTitle = 'Title',
  PiFooter = 'Comment',
  PiCode = 'Special',
  PiUrl = 'Underlined',
  PiError = 'DiagnosticError',
  PiHint = 'Comment',
  PiCurrent = 'Directory',
  PiUnavailable = 'Comment',
  PiUsage = 'Comment',
  PiBusy = 'DiagnosticInfo',
}

local function link()
  for name, target in pairs(links) do
    vim.api.nvim_set_hl(0, name, { link = target, default = true })
  end
end

-- Once for all that draws; colour schemes clear what they find.
function M.ensure()
  link()
  local group = vim.api.nvim_create_augroup('pi.highlights', { clear = true })
  vim.api.nvim_create_autocmd('ColorScheme', { group = group, callback = link })
end

return M
