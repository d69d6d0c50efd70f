-- A failure, said in the server's words, with what helps as a choice.
-- In: an error with `message` and perhaps `action`. Out: a notification, a menu. Never here: a decision by prose.

local choose = require('pi.choose')

local M = {}

---@param err pi.Error
---@return string
function M.sentence(err)
  local own = err.providerMessage
  return own and own ~= '' and ('%s (%s)'):format(err.message, own) or err.message
end

-- What each `action` offers. `retry` is offered only where somebody can do it again.
local offers = {
  login = { label = 'Sign in', run = function(err) require('pi.auth').login({ provider = err.provider }) end },
  use_api_key = {
    label = 'Use API key',
    run = function(err) require('pi.auth').login({ provider = err.provider, method = 'apiKey' }) end,
  },
  choose_model = { label = 'Choose another model', run = function() require('pi.models').pick() end },
}

local function offer_of(err, retry)
  if err.action == 'retry' then
    return retry and { label = 'Try again', run = retry }
  end
  return offers[err.action]
end

---@param err pi.Error
---@param retry? fun()
function M.show(err, retry)
  if err.code == 'cancelled' then
    return
  end
  local sentence = M.sentence(err)
  local offer = offer_of(err, retry)
  if not offer then
    return vim.notify('pi: ' .. sentence, vim.log.levels.ERROR)
  end
  choose({ offer.label, 'Not now' }, { prompt = sentence, kind = 'pi_action' }, function(choice)
    if choice == offer.label then
      offer.run(err)
    end
  end)
end

return M
