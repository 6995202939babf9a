using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace KdRobust.Api.Observability;

/// <summary>
/// Gives the span of a request its name and status: the route, never the address (which may hold anything), and no header.
/// Requests of health checks and scrapers are no traces.
/// </summary>
sealed class RequestSpans(RequestDelegate next)
{
    static readonly string[] Probes = ["/healthz", "/readyz", "/metrics"];

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is not { Recorded: true } span)
        {
            await next(context);
            return;
        }
        if (Probes.Contains(context.Request.Path.Value, StringComparer.Ordinal))
        {
            span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
            await next(context);
            return;
        }
        try
        {
            await next(context);
        }
        finally
        {
            // The first route of a group is written with a slash at its end, which no caller sends.
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText is { } pattern ? "/" + pattern.Trim('/') : "unknown";
            span.DisplayName = $"{context.Request.Method} {route}";
            span.SetTag("http.request.method", context.Request.Method).SetTag("http.route", route).SetTag("http.response.status_code", context.Response.StatusCode);
            if (context.Response.StatusCode >= 500)
                span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
