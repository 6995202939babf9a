using System.ComponentModel;
using System.Security.Claims;
using KdRobust.Api.Hosting;
using KdRobust.Persistence.Experiments;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace KdRobust.Api.Experiments;

/// <summary>Which experiments a request means; what is not given restricts nothing.</summary>
sealed record ExperimentQuery
{
    [FromQuery(Name = "state"), Description("queued, running, succeeded, failed or cancelled")]
    public string? State { get; init; }

    [FromQuery(Name = "name"), Description("The spec's name, exactly")]
    public string? Name { get; init; }

    [FromQuery(Name = "contains"), Description("A part of the name or title, whatever the case")]
    public string? Contains { get; init; }

    [FromQuery(Name = "owner"), Description("Another owner's, for an admin's key")]
    public string? Owner { get; init; }

    [FromQuery(Name = "createdAfter"), Description("Submitted then or later (RFC 3339)")]
    public string? CreatedAfter { get; init; }

    [FromQuery(Name = "createdBefore"), Description("Submitted earlier (RFC 3339)")]
    public string? CreatedBefore { get; init; }

    /// <summary>The filter, restricted to what the caller may see; or what is wrong.</summary>
    public (ExperimentFilter Filter, ProblemHttpResult? Refused) Read(ClaimsPrincipal user)
    {
        var query = new QueryText();
        var filter = new ExperimentFilter(
            query.Owner(user, Owner), query.OneOf<ExperimentState>("state", State), query.Text("name", Name), query.Text("contains", Contains),
            query.Time("createdAfter", CreatedAfter), query.Time("createdBefore", CreatedBefore));
        return (filter, query.Refused);
    }
}
