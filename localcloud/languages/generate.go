package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	dotnet "github.com/pulumi/pulumi-dotnet/pulumi-language-dotnet/v3/codegen"
	java "github.com/pulumi/pulumi-java/pkg/codegen/java"
	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "pulumi"

// generateCommand writes an SDK: LANGUAGE SCHEMA DIRECTORY.
func generateCommand(arguments []string) error {
	if len(arguments) != 3 {
		return fmt.Errorf("usage: pulumi-sdk-generator dotnet|go|java|nodejs|python SCHEMA_FILE DIRECTORY")
	}
	content, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	return generate(arguments[0], content, arguments[2])
}

// generate binds a schema, which checks it against Pulumi's metaschema, and writes the SDK's files.
func generate(language string, content []byte, directory string) error {
	var spec schema.PackageSpec
	if err := json.Unmarshal(content, &spec); err != nil {
		return fmt.Errorf("the schema is not one: %w", err)
	}
	bound, diagnostics, err := schema.BindSpec(spec, nothing{}, schema.ValidationOptions{AllowDanglingReferences: true})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		problems := []error{fmt.Errorf("the schema is refused")}
		for _, one := range diagnostics {
			problems = append(problems, errors.New(one.Summary))
		}
		return errors.Join(problems...)
	}
	// As `pulumi package add` has it: the SDK is a package of its own, with files that say so.
	bound.SupportPack = true
	var files map[string][]byte
	switch language {
	case "dotnet":
		noLogo(bound)
		files, err = dotnet.GeneratePackage(tool, bound, nil, nil)
	case "go":
		files, err = golang.GeneratePackage(tool, bound, nil)
	case "java":
		files, err = java.GeneratePackage(tool, bound, nil, nil, true, false)
	case "nodejs":
		files, err = nodejs.GeneratePackage(tool, bound, nil, nil, true, nothing{})
	case "python":
		files, err = python.GeneratePackage(tool, bound, nil, nothing{})
	default:
		err = fmt.Errorf("%q is not a language: allowed are dotnet, go, java, nodejs, python", language)
	}
	if err != nil {
		return err
	}
	for name, data := range files {
		path := filepath.Join(directory, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// noLogo keeps the generator for C# from fetching a picture.
func noLogo(bound *schema.Package) {
	if bound.LogoURL == "" {
		http.DefaultTransport.(*http.Transport).RegisterProtocol("none", empty{})
		bound.LogoURL = "none:"
	}
}

type empty struct{}

func (empty) RoundTrip(request *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: request}, nil
}

// nothing is a loader of other packages' schemas that has none.
type nothing struct{ schema.ReferenceLoader }

func (nothing) LoadPackageV2(_ context.Context, other *schema.PackageDescriptor) (*schema.Package, error) {
	return nil, fmt.Errorf("the schema refers to that of the package %q, which is not here", other.Name)
}

func (n nothing) LoadPackageReferenceV2(
	ctx context.Context, other *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	_, err := n.LoadPackageV2(ctx, other)
	return nil, err
}
