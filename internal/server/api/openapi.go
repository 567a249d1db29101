package api

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// openAPI is how the document at /openapi.json is made, and how calls are read.
func openAPI(version string) huma.Config {
	config := huma.DefaultConfig("Baize", version)
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil // no pages of others, no $schema in bodies
	config.RejectUnknownQueryParameters = true
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie},
		"token":   {Type: "http", Scheme: "bearer"},
	}
	return config
}

// schemaName names the parts of events, alerts and incidents after both: a
// process of an event is not a node of an incident's forest.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	owner := path.Base(t.PkgPath())
	switch owner {
	case "event", "alert", "incident", "provenance":
		if !strings.EqualFold(owner, name) {
			return strings.ToUpper(owner[:1]) + owner[1:] + name
		}
	}
	return name
}
