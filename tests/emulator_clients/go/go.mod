module emulatorclients

go 1.22

require github.com/SAP/go-hdb v1.10.1

require (
	golang.org/x/crypto v0.25.0 // indirect
	golang.org/x/text v0.16.0 // indirect
)
