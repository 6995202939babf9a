using System.Text;
using KdRobust.Api.Problems;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Keys;
using KdRobust.Queue.Hangfire;

namespace KdRobust.Api.Hangfire;

/// <summary>
/// Who may come to Hangfire's pages: the bearer of an admin's key. A browser asks for a name and a password: any name, and the
/// key. What is asked for there is done in the key's owner's name and stands in the audit.
/// </summary>
sealed class HangfireDoor(RequestDelegate next, ApiKeyStore keys)
{
    const string Basic = "Basic ", Bearer = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (Key(request.Headers.Authorization.ToString()) is not { } key || await keys.Find(key, context.RequestAborted) is not { } found)
        {
            response.Headers.WWWAuthenticate = "Basic realm=\"KdRobust: any name, and an admin's key as the password\", charset=\"UTF-8\"";
            await Refusal.Write(context, ProblemKind.KeyMissing, "these pages need an admin's key: any name, and the key as the password");
            return;
        }
        if (found.Role < ApiKeyRole.Admin)
        {
            await Refusal.Write(context, ProblemKind.RoleTooSmall, $"{request.PathBase} shows the jobs of every owner and needs an admin's key, not a {found.Role.ToString().ToLowerInvariant()}'s");
            return;
        }
        var reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        // A browser sends the password along whoever asks it to.
        if (!reads && !IsFromHere(request))
        {
            await Refusal.Write(context, ProblemKind.RoleTooSmall, "another site asked for this: nothing was done");
            return;
        }
        response.Headers.ContentSecurityPolicy = "frame-ancestors 'none'";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-store";
        if (!reads)
        {
            new Act(found.Id, found.Owner, "hangfire").Begin();
            DashboardUser.Begin(found.Owner);
        }
        await next(context);
    }

    static bool IsFromHere(HttpRequest request) =>
        request.Headers["Sec-Fetch-Site"].ToString() is var site && site.Length > 0
            ? site == "same-origin"
            : request.Headers.Origin.ToString() is var origin && (origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && from.Authority == request.Host.Value));

    static string? Key(string authorization)
    {
        if (authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return authorization[Bearer.Length..].Trim();
        var code = new byte[authorization.Length];
        return authorization.StartsWith(Basic, StringComparison.OrdinalIgnoreCase) && Convert.TryFromBase64String(authorization[Basic.Length..].Trim(), code, out var length)
            && Encoding.UTF8.GetString(code, 0, length) is var pair && pair.IndexOf(':', StringComparison.Ordinal) is >= 0 and var at ? pair[(at + 1)..] : null;
    }
}
