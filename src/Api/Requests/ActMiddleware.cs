using System.Globalization;
using KdRobust.Api.Access;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Schema;

namespace KdRobust.Api.Requests;

/// <summary>
/// Everything that is asked to be changed leaves a line in the audit: in the transaction that changes it where a store does,
/// and by a line of its own where nothing was changed, because it was refused or was so already.
/// </summary>
sealed class ActMiddleware(RequestDelegate next, AuditStore audit, ILogger<ActMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (HttpMethods.IsGet(context.Request.Method) || context.User.Identity?.IsAuthenticated != true || endpoint?.Metadata.GetMetadata<ChangesNothing>() is not null)
        {
            await next(context);
            return;
        }
        var act = new Act(context.User.KeyId(), context.User.Owner(), endpoint?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? context.Request.Method);
        context.Features.Set(act);
        act.Begin();
        await next(context);
        if (act.Count == 0 && context.Response.StatusCode != StatusCodes.Status503ServiceUnavailable) await Write(act, context);
    }

    async Task Write(Act act, HttpContext context)
    {
        var status = context.Response.StatusCode;
        try
        {
            await audit.Write(act, Shown(context.Request.Path), status < 400 ? "nothing to change" : string.Create(CultureInfo.InvariantCulture, $"refused: {status}"), CancellationToken.None);
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            ApiLog.AuditMissed(log, act.Action, act.Owner, error.Message);
        }
    }

    // A stranger's path may be of any length and hold what the database does not store.
    static string Shown(PathString path)
    {
        var text = string.Concat((path.Value ?? "").Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        return text.Length <= 200 ? text : text[..200];
    }
}

/// <summary>Of a POST that only asks.</summary>
sealed class ChangesNothing;

/// <summary>Of an endpoint whose answer holds a secret, which nothing keeps.</summary>
sealed class SecretAnswer;

/// <summary>Of an endpoint whose answer is sent as it comes.</summary>
sealed class Streamed;
