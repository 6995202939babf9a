using System.Globalization;
using KdRobust.Api.Hosting;
using KdRobust.Api.Problems;
using Microsoft.AspNetCore.Http.Timeouts;

namespace KdRobust.Api.Requests;

/// <summary>How long a request may take; what is sent as it comes may take as long as it needs.</summary>
static class RequestTimes
{
    public static void AddRequestTimes(this IServiceCollection services, ApiOptions options) => services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
    {
        Timeout = options.LongestRequest,
        TimeoutStatusCode = ProblemKind.TookTooLong.Status,
        WriteTimeoutResponse = context => Refusal.Write(context, ProblemKind.TookTooLong, string.Create(CultureInfo.InvariantCulture, $"not answered within {options.LongestRequest.TotalSeconds:0.###} s")),
    });

    /// <summary>The answer is sent as it comes: it is not held back for an ETag, and may take as long as it needs.</summary>
    public static RouteHandlerBuilder AsStream(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new Streamed(), new DisableRequestTimeoutAttribute());

    /// <summary>Lets this one request take as long as it needs.</summary>
    public static void Unlimited(HttpContext context) => context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();
}
