using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr key add, ls, rotate, revoke</c>: API keys.</summary>
static partial class KeyCommand
{
    public static Command Create(CommandContext context) => new("key", "Make, list, rotate and revoke API keys") { Add(context), List(context), Rotate(context), Revoke(context) };

    static Command Add(CommandContext context)
    {
        var owner = new Argument<string>("owner") { Description = "Whose key" };
        var role = new Option<string>("--role") { Description = "reader, submitter (default) or admin", DefaultValueFactory = _ => "submitter", HelpName = "ROLE" };
        role.AcceptOnlyFromAmong("reader", "submitter", "admin");
        var label = new Option<string>("--label") { Description = "What it is for", DefaultValueFactory = _ => "made by kdr key add", HelpName = "TEXT" };
        var expires = new Option<string?>("--expires") { Description = "How long it opens anything, e.g. 90d; default for ever", HelpName = "DAYS" };
        expires.Validators.Add(result => { if (result.Tokens is [var token] && !Days().IsMatch(token.Value)) result.AddError($"--expires {token.Value}: expected days from 1d to 3650d, e.g. 90d"); });
        var (server, json) = (CommandContext.ServerOption(), CommandContext.JsonOption());
        var command = new Command("add", "Make a key; it is printed once and can never be shown again") { owner, role, label, expires, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var body = new JsonObject
            {
                ["owner"] = parsed.GetValue(owner), ["role"] = parsed.GetValue(role), ["label"] = parsed.GetValue(label),
                ["expiresInDays"] = parsed.GetValue(expires) is { } days ? int.Parse(days[..^1], CultureInfo.InvariantCulture) : null,
            };
            Print(context, await client.Do<CreatedKey>("/v1/keys", body.ToJsonString(), ct), parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    static Command List(CommandContext context)
    {
        var (limit, server, json) = (ListCommand.LimitOption(), CommandContext.ServerOption(), ListCommand.JsonFieldsOption());
        var command = new Command("ls", "List keys, newest first: your own, or everybody's with an admin's") { limit, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var page = await client.Ask<Page<KeyView>>(string.Create(CultureInfo.InvariantCulture, $"/v1/keys?limit={parsed.GetValue(limit)}"), ct);
            if (parsed.GetResult(json) is not null) JsonFields.Write(context.Terminal, page.Items, parsed.GetValue(json) ?? "");
            else
            {
                var columns = new Columns("ID", "OWNER", "ROLE", "MADE", "LAST USED", "ENDS", "LABEL");
                foreach (var key in page.Items)
                    columns.Add(
                        key.Id.ToString(), key.Owner, key.Role, Durations.Date(key.CreatedAt), key.LastUsedAt is { } used ? Durations.Date(used) : "never",
                        key.RevokedAt is { } revoked ? $"revoked {Durations.Date(revoked)}" : key.ExpiresAt is { } end ? Durations.Date(end) : "never", key.Label);
                columns.Write(context.Terminal);
            }
            if (page.Next is not null) ListCommand.SayMore(context.Terminal, page.Items.Count);
            return ExitCode.Done;
        });
        return command;
    }

    static Command Rotate(CommandContext context)
    {
        var id = new Argument<Guid>("id") { Description = "The key's id, as ./kdr key ls shows it" };
        var grace = UpCommand.Number("--grace", "Hours that the old key opens beside the new one", 24, 0, 2160);
        var (server, json) = (CommandContext.ServerOption(), CommandContext.JsonOption());
        var command = new Command("rotate", "Make a key in place of another, which opens for a while more") { id, grace, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var made = await client.Do<CreatedKey>(string.Create(CultureInfo.InvariantCulture, $"/v1/keys/{parsed.GetValue(id)}/rotate?graceHours={parsed.GetValue(grace)}"), null, ct);
            Print(context, made, parsed.GetValue(json));
            context.Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"the old key opens for {parsed.GetValue(grace)} h more"));
            return ExitCode.Done;
        });
        return command;
    }

    static Command Revoke(CommandContext context)
    {
        var id = new Argument<Guid>("id") { Description = "The key's id, as ./kdr key ls shows it" };
        var server = CommandContext.ServerOption();
        var command = new Command("revoke", "End a key at once") { id, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            await client.Do($"/v1/keys/{parsed.GetValue(id)}/revoke", ct);
            context.Terminal.Say("it opens nothing any more");
            return ExitCode.Done;
        });
        return command;
    }

    static void Print(CommandContext context, CreatedKey made, bool json)
    {
        if (json) context.WriteJson(made);
        else context.Terminal.Out.WriteLine(made.Key);
        context.Terminal.Say($"key {made.Stored.Id} of {made.Stored.Owner}, {made.Stored.Role}{(made.Stored.ExpiresAt is { } end ? $", until {Durations.Date(end)}" : "")}; it cannot be shown again");
        context.Terminal.Say("next: give it to its owner, who sets KDR_KEY to it");
    }

    [GeneratedRegex("^([1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650)d$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Days();
}
