using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KdRobust.Api.Problems;

/// <summary>The pages that the <c>type</c> of a problem document points to.</summary>
static class ProblemEndpoints
{
    public static void MapProblems(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/problems/{slug}", Page).AllowAnonymous().ExcludeFromDescription();

    static Results<ContentHttpResult, ProblemHttpResult> Page(string slug) =>
        ProblemKind.All.FirstOrDefault(kind => kind.Slug == slug) is { } kind
            ? TypedResults.Text($"{kind.Title} ({kind.Status})\n\n{kind.WhatToDo}\n", "text/plain", Encoding.UTF8)
            : Refusal.As(ProblemKind.NotFound, $"there is no problem called {slug}");
}
