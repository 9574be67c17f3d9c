// A provider with an action, for tests: the Python framework that serves the demo provider knows none.
//
// `acts_say` appends its text to the file that ACTS_LOG names, and says it as progress. It fails, after that, while a
// file `<ACTS_LOG>.fail-<text>` exists, and waits while a file `<ACTS_LOG>.wait-<text>` exists.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	actionschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	options := providerserver.ServeOpts{Address: "registry.terraform.io/tfops/acts"}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return &acts{} }, options); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type acts struct{}

func (*acts) Metadata(_ context.Context, _ provider.MetadataRequest, response *provider.MetadataResponse) {
	response.TypeName = "acts"
}

func (*acts) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

func (*acts) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}

func (*acts) DataSources(context.Context) []func() datasource.DataSource { return nil }

func (*acts) Resources(context.Context) []func() resource.Resource { return nil }

func (*acts) Actions(context.Context) []func() action.Action {
	return []func() action.Action{func() action.Action { return &say{} }}
}

type say struct{}

type words struct {
	Text types.String `tfsdk:"text"`
}

func (*say) Metadata(_ context.Context, _ action.MetadataRequest, response *action.MetadataResponse) {
	response.TypeName = "acts_say"
}

func (*say) Schema(_ context.Context, _ action.SchemaRequest, response *action.SchemaResponse) {
	response.Schema = actionschema.Schema{
		Attributes: map[string]actionschema.Attribute{"text": actionschema.StringAttribute{Required: true}},
	}
}

func (*say) Invoke(ctx context.Context, request action.InvokeRequest, response *action.InvokeResponse) {
	var config words
	response.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	if response.Diagnostics.HasError() {
		return
	}
	text, log := config.Text.ValueString(), os.Getenv("ACTS_LOG")
	response.SendProgress(action.InvokeProgressEvent{Message: "saying " + text})
	if err := appendLine(log, text); err != nil {
		response.Diagnostics.AddError("cannot say it", err.Error())
		return
	}
	for exists(log + ".wait-" + text) {
		select {
		case <-ctx.Done():
			response.Diagnostics.AddError("the action was stopped", "interrupted while saying "+text)
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	if exists(log + ".fail-" + text) {
		response.Diagnostics.AddError("the action failed", "asked to fail while saying "+text)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func appendLine(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(text + "\n")
	return err
}
