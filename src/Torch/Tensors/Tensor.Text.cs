using System.Globalization;
using System.Text;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        private const int ShownElements = 8;

        /// <summary>Shape, element type, device, and the first few values.</summary>
        public override string ToString()
        {
            if (IsInvalid) return "Tensor(disposed)";
            var text = new StringBuilder($"[{string.Join(", ", shape)}], type = {dtype}, device = {device}");
            if (requires_grad) text.Append(", requires_grad");
            var count = (int)Math.Min(ShownElements, numel());
            if (count == 0) return text.ToString();
            using var quiet = no_grad();
            using var scope = NewDisposeScope();
            var shown = reshape(-1).narrow(0, 0, count).to(ScalarType.Float64, CPU).data<double>();
            text.Append(", values = ").AppendJoin(", ", shown.Select(value => value.ToString("G6", CultureInfo.InvariantCulture)));
            return text.Append(count < numel() ? ", .." : "").ToString();
        }
    }
}
