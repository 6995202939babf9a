using System.Text.Json;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Schema;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Connections;

namespace KdRobust.Api.Problems;

/// <summary>Turns what no endpoint answered into problem documents: exceptions, unknown addresses, bodies that are too large.</summary>
sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    const string RetryAfterSeconds = "2";

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return; // The caller is gone: there is nobody to answer.
        }
        catch (ConnectionResetException)
        {
            return; // So is this one, in the middle of its body.
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            await Answer(context, error);
            return;
        }
        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            await Refusal.Write(context, ProblemKind.Of(context.Response.StatusCode), Detail(context));
    }

    async Task Answer(HttpContext context, Exception error)
    {
        switch (error)
        {
            case BadHttpRequestException { InnerException: JsonException json }:
                await Refusal.Write(context, ProblemKind.BadRequest, BodyShape.Of(context).Wrong(json));
                break;
            case BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType }:
                await Refusal.Write(context, ProblemKind.NotJson, NotJson(context));
                break;
            case BadHttpRequestException refused:
                await Refusal.Write(context, ProblemKind.Of(refused.StatusCode), BindingText.Of(refused, BodyShape.Of(context)));
                break;
            case KeyEndedException:
                await context.ChallengeAsync();
                break;
            case var _ when Database.IsWeather(error):
                ApiLog.DatabaseAway(log, error.Message);
                context.Response.Headers.RetryAfter = RetryAfterSeconds;
                await Refusal.Write(context, ProblemKind.DatabaseAway, "the database does not answer; nothing was changed by this request");
                break;
            default:
                ApiLog.RequestFailed(log, context.Request.Method, context.Request.Path, error);
                await Refusal.Write(context, ProblemKind.Failed, "an unexpected error; the log holds it under this traceId");
                break;
        }
    }

    static string Detail(HttpContext context) => context.Response.StatusCode switch
    {
        404 => $"there is nothing at {context.Request.Path}",
        405 => $"{context.Request.Path} does not take {context.Request.Method}",
        415 => NotJson(context),
        _ => $"{context.Request.Method} {context.Request.Path} was refused; expected a request as /docs describes it",
    };

    static string NotJson(HttpContext context) => $"Content-Type is {context.Request.ContentType ?? "missing"}; expected application/json";
}
