/**
 * `ouroboros completions`: scripts that let a shell complete our command lines.
 *
 * @module
 */

import { Argument, type Command } from "commander";
import { Output } from "./output/output.ts";

const EXAMPLES = `
Examples:
  source <(ouroboros completions bash)                          in ~/.bashrc
  source <(ouroboros completions zsh)                           in ~/.zshrc, after compinit
  ouroboros completions zsh > ~/.zfunc/_ouroboros               or in a folder of fpath
  ouroboros completions fish > ~/.config/fish/completions/ouroboros.fish
  ouroboros completions powershell | Out-String | Invoke-Expression   in $PROFILE`;

// The shells ask us at each tab: so all of them know what we know.
const SCRIPTS = {
  bash: `_ouroboros() {
  local line files=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) files=1 ;;
      ?*) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do
      COMPREPLY+=("$line")
    done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
  fi
}
complete -F _ouroboros ouroboros
`,
  zsh: `#compdef ouroboros
_ouroboros() {
  local line files=
  local -a values
  for line in "\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :files) files=1 ;;
      ?*) values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  (( $#values )) && _describe -V ouroboros values
  [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _ouroboros ]]; then
  _ouroboros "$@"
else
  compdef _ouroboros ouroboros
fi
`,
  fish: `function __ouroboros_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c ouroboros -f -a '(__ouroboros_complete)'
`,
  // Windows PowerShell drops empty arguments: ":empty" stands for one. It completes files where it is
  // given nothing, so it is given an empty text.
  powershell: `Register-ArgumentCompleter -Native -CommandName ouroboros -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
    ForEach-Object {
      if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value }
      else { $_.Extent.Text }
    })
  $current = if ($wordToComplete) { $wordToComplete } else { ':empty' }
  $prefix = if ($wordToComplete -match '^--[^=]+=') { $Matches[0] } else { '' }
  $command = $commandAst.GetCommandName()
  $isEmpty = $true
  foreach ($line in @(& $command __complete @words $current 2>$null)) {
    if ($line -eq ':files') {
      $results = @([System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete))
    } else {
      $value, $description = $line -split [char]9, 2
      if (-not $description) { $description = $value }
      $results = @([System.Management.Automation.CompletionResult]::new(
        $prefix + $value, $value, 'ParameterValue', $description))
    }
    foreach ($result in $results) {
      $isEmpty = $false
      $result
    }
  }
  if ($isEmpty) { '' }
}
`,
};

/** Adds the command. */
export function addTo(program: Command): void {
  program.command("completions")
    .description("Print a script that lets a shell complete commands, options and names of logs.")
    .summary("print a script for your shell: bash, zsh, fish or powershell")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", EXAMPLES)
    .action(completions);
}

async function completions(shell: keyof typeof SCRIPTS): Promise<void> {
  const output = Output.standard();
  output.write(SCRIPTS[shell]);
  await output.close();
}
